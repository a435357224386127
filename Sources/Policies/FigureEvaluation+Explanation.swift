internal import Measurements

extension FigureEvaluation {
    /// `ttft p95 812 ms > 500 ms over 5m (1 234 samples, newest 4 s old)`, or why it is unknown.
    public var explanation: String {
        let span = FigureText.duration(window)
        if let doubt { return "\(query) over \(span) is unknown: \(sentence(doubt))" }
        guard case .value(let value) = reading else { return "\(query) over \(span) is \(truth.rawValue)" }
        let comparison = "\(query) \(shown(value.value)) \(relation) \(query.text(threshold)) over \(coverage(value, span))"
        return "\(comparison) (\(evidence(value)))"
    }

    private var relation: String {
        switch (comparison, truth) {
        case (.above, .true): ">"
        case (.above, _): "≤"
        case (.below, .true): "<"
        case (.below, _), (.atLeast, .true): "≥"
        case (.atLeast, _): "<"
        }
    }

    /// Says so where rounding would hide on which side of the threshold a value lies.
    private func shown(_ value: Double) -> String {
        let text = query.text(value)
        guard text == query.text(threshold), value != threshold else { return text }
        return "just \(value > threshold ? "over" : "under") \(text)"
    }

    private func coverage(_ value: Reading.Value, _ span: String) -> String {
        guard let covers = value.covers else { return span }
        if covers == .zero { return "a run without times, judged as a whole" }
        return "\(FigureText.latency(seconds: covers.inSeconds)), all there is of the \(span) asked for"
    }

    private func evidence(_ value: Reading.Value) -> String {
        let samples = value.samples.map { $0 == 1 ? "1 sample" : "\(FigureText.count($0)) samples" } ?? "sample count not reported"
        guard value.age > .zero else { return samples }
        return "\(samples), newest \(age(value.age)) old"
    }

    private func age(_ age: Duration) -> String { FigureText.latency(seconds: age.inSeconds) }

    private func sentence(_ doubt: Doubt) -> String {
        switch doubt {
        case .noFigure(.missing): "no source delivers it"
        case .noFigure(.notReported(let figure)): "the report does not have it (\(figure))"
        case .noFigure(.notFinite(let count)):
            count == 1 ? "its only reading is not finite" : "all \(FigureText.count(count)) readings are not finite"
        case .noFigure(.stale(let age)): "the newest sample is \(self.age(age)) old"
        case .noFigure(.tooFewSamples(let have, let need)):
            "\(FigureText.count(have)) \(have == 1 ? "sample" : "samples"), \(FigureText.count(need)) needed"
        case .uncounted(let need): "the report does not say how many samples are behind it, \(FigureText.count(need)) needed"
        case .straddles(let lower, let upper):
            "readings that are not finite put it anywhere \(range(lower, upper)), on both sides of \(query.text(threshold))"
        }
    }

    private func range(_ lower: Double?, _ upper: Double?) -> String {
        switch (lower, upper) {
        case (let lower?, let upper?): "from \(query.text(lower)) to \(query.text(upper))"
        case (let lower?, nil): "from \(query.text(lower)) up"
        case (nil, let upper?): "up to \(query.text(upper))"
        case (nil, nil): "at all"
        }
    }
}
