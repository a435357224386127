import Measurements
public import Statistics

/// How two results differ: for every figure both have, the effect, how sure it is, and whether it is a regression.
public struct BenchmarkComparison: Sendable, Hashable {
    /// What came before, and what is judged.
    public var baseline: String
    public var candidate: String
    public var options: ComparisonOptions
    public var parts: [ComparedPart]
    /// What could not be compared, in plain words.
    public var notes: [String]

    /// Figures that got worse beyond doubt and by more than the threshold.
    public var regressions: [ComparedFigure] { parts.flatMap(\.figures).filter(\.isRegression) }

    /// Whether anything was put to a test.
    public var isTested: Bool { parts.contains { $0.figures.contains { $0.verdict != .notTested } } }
}

/// When a difference counts.
public struct ComparisonOptions: Sendable, Hashable {
    /// The smallest change for the worse that is a regression, as a share: 0.05 for 5 %.
    public var threshold: Double
    /// The same for shares of requests (errors, attainment), as a difference: 0.01 for one of a hundred requests.
    public var shareThreshold: Double
    /// The chance taken of any false finding in a comparison.
    public var significance: Double

    public init(threshold: Double = 0.05, shareThreshold: Double = 0.01, significance: Double = 0.05) {
        self.threshold = threshold
        self.shareThreshold = shareThreshold
        self.significance = significance
    }
}

/// One load of both results.
public struct ComparedPart: Sendable, Hashable {
    public var name: String
    public var figures: [ComparedFigure]
}

/// One figure of both results.
public struct ComparedFigure: Sendable, Hashable {
    public var quantity: ComparedQuantity
    public var before: Double
    public var after: Double
    /// After over before, less 1; of shares the difference. `nil` where before is not above zero.
    public var change: Double?
    /// Of ``change``; `nil` where not tested.
    public var interval: ConfidenceInterval?
    /// Two-sided; `nil` where not tested.
    public var p: Double?
    /// Raised for the number of figures tested (Holm).
    public var adjustedP: Double?
    /// The chance that a later request of the candidate takes longer than one of the baseline, less the chance that it takes less; of the
    /// requests of a latency, where both results have them.
    public var cliffsDelta: Double?
    public var verdict: Verdict
    /// Worse, and by at least the threshold.
    public var isRegression: Bool
    /// Why it was not tested.
    public var reason: String?

    public enum Verdict: String, Sendable, Hashable, Codable {
        case better, worse
        /// The figures may well come from one and the same system.
        case noEvidence = "no evidence"
        case notTested = "not tested"
    }
}

extension BenchmarkComparison {
    /// Compares two results. A pure function.
    public init(_ baseline: ComparableResult, with candidate: ComparableResult, options: ComparisonOptions = ComparisonOptions()) {
        self.baseline = baseline.label
        self.candidate = candidate.label
        self.options = options
        (parts, notes) = ([], [])
        for (before, after) in match(baseline.parts, candidate.parts) {
            let name = before.name == after.name ? before.name : "\(before.name) → \(after.name)"
            parts.append(ComparedPart(name: name, figures: compared(before, after)))
        }
        judge()
        noteWhatIsMissing()
    }

    private mutating func match(
        _ before: [ComparableResult.Part], _ after: [ComparableResult.Part]
    ) -> [(
        ComparableResult.Part, ComparableResult.Part
    )] {
        if before.count == 1, after.count == 1 { return [(before[0], after[0])] }
        var rest = after
        var pairs: [(ComparableResult.Part, ComparableResult.Part)] = []
        for part in before {
            if let index = rest.firstIndex(where: { $0.name == part.name }) {
                pairs.append((part, rest.remove(at: index)))
            } else {
                notes.append("'\(part.name)' is in \(baseline) only.")
            }
        }
        notes += rest.map { "'\($0.name)' is in \(candidate) only." }
        return pairs
    }

    private func compared(_ before: ComparableResult.Part, _ after: ComparableResult.Part) -> [ComparedFigure] {
        let common = before.figures.compactMap { first in
            after.figures.first { $0.quantity == first.quantity }.map { (first, $0) }
        }
        let known = Set(common.compactMap(\.0.quantity.metric))
        return common.compactMap { first, second in
            if let scheduled = first.quantity.metric?.fromSchedule, known.contains(scheduled) { return nil }
            var figure = ComparedFigure(from: first, to: second)
            if let metric = first.quantity.metric, let a = before.samples[metric], let b = after.samples[metric] {
                figure.cliffsDelta = RankTest(a, b)?.cliffsDelta
            }
            return figure
        }
    }

    /// Gives each tested figure its verdict, all of them being one family of tests.
    private mutating func judge() {
        let places = parts.indices.flatMap { part in parts[part].figures.indices.map { (part, $0) } }
            .filter { parts[$0.0].figures[$0.1].p != nil }
        let adjusted = holmAdjusted(places.compactMap { parts[$0.0].figures[$0.1].p })
        for ((part, index), p) in zip(places, adjusted) { parts[part].figures[index].judge(p, options) }
    }

    private mutating func noteWhatIsMissing() {
        if parts.isEmpty || parts.allSatisfy(\.figures.isEmpty) {
            notes.append("The two have no figure in common.")
        } else if !isTested {
            notes.append("Nothing was tested: figures without requests or intervals do not tell a change from chance.")
        }
    }
}

extension ComparedFigure {
    init(from first: ComparableFigure, to second: ComparableFigure) {
        quantity = first.quantity
        before = first.value
        after = second.value
        verdict = .notTested
        isRegression = false
        if quantity.isShare { change = after - before } else if before > 0 { change = after / before - 1 }
        if first.definition != second.definition {
            change = nil
            reason = "measured as \(first.definition?.rawValue ?? "unknown") and \(second.definition?.rawValue ?? "unknown")"
            return
        }
        guard let firstInterval = first.interval, let secondInterval = second.interval else {
            reason = "no interval, so that chance cannot be told from a change"
            return
        }
        guard firstInterval.confidence == secondInterval.confidence, firstInterval.confidence > 0, firstInterval.confidence < 1 else {
            reason = "the intervals are not of one confidence"
            return
        }
        if quantity.isShare {
            let difference = EstimateDifference(from: before, firstInterval, to: after, secondInterval)
            (interval, p) = (difference.interval, difference.p)
        } else if let ratio = EstimateDifference.ofLogarithms(from: before, firstInterval, to: after, secondInterval) {
            let ends = ratio.factors.interval
            interval = ConfidenceInterval(lower: ends.lower - 1, upper: ends.upper - 1, confidence: ends.confidence)
            p = ratio.p
        } else {
            reason = "a figure or its interval reaches zero"
        }
    }

    mutating func judge(_ adjusted: Double, _ options: ComparisonOptions) {
        adjustedP = adjusted
        let worsening = (quantity.isBetterWhenHigher ? -1 : 1) * (change ?? 0)
        guard adjusted < options.significance, worsening != 0 else {
            verdict = .noEvidence
            return
        }
        verdict = worsening > 0 ? .worse : .better
        isRegression = worsening > 0 && worsening >= (quantity.isShare ? options.shareThreshold : options.threshold)
    }
}

extension ComparedQuantity {
    /// The latency it is of.
    var metric: BenchmarkMetric? {
        switch self {
        case .latencyMean(let metric), .latency(let metric, _): metric
        default: nil
        }
    }
}

extension BenchmarkMetric {
    /// The same latency counted from the schedule, of one as sent.
    var fromSchedule: BenchmarkMetric? {
        switch self {
        case .timeToFirstTokenAsSent: .timeToFirstToken
        case .endToEndAsSent: .endToEnd
        default: nil
        }
    }
}
