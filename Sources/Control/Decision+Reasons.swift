import Learning
import Measurements
import Policies
import Tuning

// Sentences are made when somebody reads them: an idle controller evaluates thousands of triggers that nobody asks about.

extension Decision {
    /// The reasons for the outcome, in sentences with their numbers.
    public var reasons: [String] {
        let planned = (plan.map { ["\($0)."] } ?? []) + (tuning?.sentences ?? [])
        switch outcome {
        case .unknown:
            return planned + (triggers.isEmpty ? [] : ["No trigger can be decided, so nothing is changed."] + triggers.map(\.sentence))
        case .nothingToDo: return planned + [quietSummary] + triggers.map(\.sentence)
        case .recommend, .hold: return planned + firingReasons
        }
    }

    private var quietSummary: String {
        let missed = objectives.filter { $0.met == false }
        if triggers.isEmpty, plan != nil { return "As many replicas run as are planned." }
        if missed.isEmpty {
            let unknown = objectives.filter { $0.met == nil }.map(\.name)
            if !unknown.isEmpty { return "No trigger fires, but not every limit is known: \(unknown.joined(separator: ", "))." }
            let kept = objectives.contains { $0.met == true } ? " and no limit is missed" : ""
            return "Nothing needs to change: no trigger fires\(kept)."
        }
        let names = missed.map(\.name).joined(separator: ", ")
        return "No trigger fires, though the objective is missed (\(names)): no trigger of the policy covers that."
    }

    private var firingReasons: [String] {
        var reasons = triggers.filter(\.outcome.isFiring).map(\.sentence)
        if recommendations.isEmpty, !excluded.isEmpty {
            reasons.append("No change is both allowed and worth making; each one that was considered is listed with its reason.")
        }
        return reasons + triggers.filter { !$0.outcome.isFiring && $0.outcome != .inactive }.map(\.sentence)
    }
}

extension TuningReport {
    /// What it came to, and the most promising of what was weighed and left out.
    var sentences: [String] {
        var sentences = ["\(sentence)."]
        guard let explanation else { return sentences }
        let options = explanation.options.prefix(Self.longestList).map { option in
            "\(option.action) (\(signedPercent(option.effect.relativeChange)) expected, \(option.words) better)"
        }
        if !options.isEmpty { sentences.append("Weighed of \(explanation.options.count): \(options.joined(separator: "; ")).") }
        let excluded = explanation.excluded.prefix(Self.longestList).map { "\($0.action) (\($0.reason))" }
        if !excluded.isEmpty { sentences.append("Not tried, of \(explanation.excluded.count): \(excluded.joined(separator: "; ")).") }
        return sentences
    }

    private static let longestList = 4
}

extension TriggerReport {
    /// What became of the trigger and why.
    public var sentence: String {
        let leaves = evaluation.leaves.map(\.explanation).joined(separator: "; ")
        switch outcome {
        case .inactive: return "\(name) does not fire: \(leaves)."
        case .pending(_, let remaining): return "\(name) must hold for \(FigureText.duration(remaining)) more: \(leaves)."
        case .firing(let firing): return "\(name) fires: \(leaves)\(firing.hold.ending)."
        case .cooling(let until, let reason):
            let what = reason == .adjusted ? "it caused a change" : "a change it caused was rolled back"
            return "\(name) holds but is left alone until \(until), because \(what): \(leaves)."
        case .unknown: return "\(name) cannot be decided: \(leaves)."
        }
    }
}

extension TriggerOutcome.Hold {
    fileprivate var ending: String {
        switch self {
        case .observed(let length): length > .zero ? ", for \(FigureText.duration(length.roundedForReading)) without a break" : ""
        case .takenAsHeld(.zero): ", in a run without times that was judged as a whole"
        case .takenAsHeld(let span): ", all through a run of \(FigureText.latency(seconds: span.inSeconds)) that was judged as a whole"
        case .scheduled(let due): ", due at \(due)"
        }
    }
}

extension ObjectiveReport {
    /// E.g. `ttft p95 ≤ 500 ms`.
    public var name: String {
        switch subject {
        case .atMost(let query): "\(query) ≤ \(query.text(limit))"
        case .atLeast(let query): "\(query) ≥ \(query.text(limit))"
        case .attainment: "attainment ≥ \(FigureText.percent(limit))"
        }
    }

    public var kind: Kind {
        switch subject {
        case .attainment: .attainment
        case .atMost(let query), .atLeast(let query):
            switch query {
            case .throughput: .throughput
            case .tokensPerSecond: .tokensPerSecond
            case .errorRate: .errorRate
            default: .latency
            }
        }
    }

    /// The figure against its limit, or why it is not known.
    public var explanation: String {
        switch subject {
        case .atMost(let query), .atLeast(let query):
            guard let observed else { return "\(query) is not known: \(unknown?.text ?? "it was not measured")" }
            let distance = observed == 0 ? "" : ", \(signedPercent((observed - limit) / limit)) against its limit"
            return "\(query) is \(query.text(observed))\(distance)"
        case .attainment(let compliance):
            guard observed != nil else { return "attainment is not known: no single requests were measured" }
            return "\(compliance.met) of \(compliance.met + compliance.violations) requests met every latency limit"
        }
    }

    /// The figure's text in its unit; `nil` where it is not known.
    public var observedText: String? {
        observed.map { value in
            switch subject {
            case .atMost(let query), .atLeast(let query): query.text(value)
            case .attainment: FigureText.percent(value)
            }
        }
    }
}

extension Duration {
    /// To the second from ten seconds on, to the millisecond below: nobody reads nanoseconds in a sentence.
    var roundedForReading: Duration {
        let unit = self >= .seconds(10) ? 1.0 : 0.001
        return .seconds(fractional: (inSeconds / unit).rounded() * unit)
    }
}
