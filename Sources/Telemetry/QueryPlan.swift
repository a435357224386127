import Control
import Measurements
import Policies

/// Which queries answer which questions, and the readings their results make.
struct QueryPlan: Sendable {
    struct Answered: Sendable {
        var question: PolicyQuestion
        var text: String
        var samples: String?
        /// The user's own query: its series are added up as they are.
        var isOwn: Bool
    }

    let answered: [Answered]
    let ageText: String?
    let counters: String?
    let load: String?

    init(questions: [PolicyQuestion], queries: PresetQueries?, own: [String: String], asksLoad: Bool) {
        answered = questions.compactMap { question in
            if let text = question.query.signalName.flatMap({ own[$0] }) {
                return Answered(question: question, text: text, samples: nil, isOwn: true)
            }
            guard let text = queries?.query(for: question) else { return nil }
            return Answered(question: question, text: text, samples: queries?.samples(for: question), isOwn: false)
        }
        ageText = queries?.age
        counters = queries?.counters
        load = asksLoad ? queries?.load : nil
    }

    /// Every query once.
    var texts: [String] {
        var seen: Set<String> = []
        let all = answered.flatMap { [$0.text] + [$0.samples].compactMap(\.self) } + [ageText, counters, load].compactMap(\.self)
        return all.filter { seen.insert($0).inserted }
    }

    /// How old the preset's newest sample is; `nil` where there is none.
    func age(_ answers: [String: QueryAnswer]) -> Duration? {
        guard let ageText, let seconds = value(ageText, answers, .maximum), seconds.isFinite else { return nil }
        return .seconds(fractional: min(max(seconds, 0), 1e9))
    }

    /// One for each question the server has a series for.
    func readings(_ answers: [String: QueryAnswer]) -> [RecordedReading] {
        let age = age(answers) ?? .zero
        return answered.compactMap { item in
            guard let value = value(item.text, answers, .sum) else { return nil }  // Nothing matched: not known here, and not zero.
            let samples = item.samples.flatMap { self.value($0, answers, .sum) }.map { Int(clampedToCount: $0) }
            return RecordedReading(
                query: item.question.query, window: item.question.window,
                reading: reading(value, samples: samples, age: item.isOwn ? .zero : age))
        }
    }

    private func reading(_ value: Double, samples: Int?, age: Duration) -> Reading {
        // Without requests in the window a mean is zero by zero.
        if value.isNaN, samples == 0 { return .unknown(.tooFewSamples(have: 0, need: 1)) }
        return value.isFinite ? .value(Reading.Value(value, samples: samples, age: age)) : .unknown(.notFinite(count: 1))
    }

    private func value(_ text: String, _ answers: [String: QueryAnswer], _ aggregation: PromQLResult.Aggregation) -> Double? {
        guard case .success(let result)? = answers[text] else { return nil }
        return result.value(aggregation)
    }
}
