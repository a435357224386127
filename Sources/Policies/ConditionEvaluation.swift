/// The answer to a condition as of one moment, with everything that led to it.
public struct ConditionEvaluation: Sendable, Codable, Hashable {
    public var truth: KleeneTruth
    public var parts: Parts

    public init(truth: KleeneTruth, parts: Parts) {
        self.truth = truth
        self.parts = parts
    }

    /// The same tree as the condition's.
    public indirect enum Parts: Sendable, Codable, Hashable {
        case leaf(LeafEvaluation)
        case and([ConditionEvaluation])
        case or([ConditionEvaluation])
        case not(ConditionEvaluation)
    }

    /// The leaves in the order of the policy file.
    public var leaves: [LeafEvaluation] {
        switch parts {
        case .leaf(let leaf): [leaf]
        case .and(let children), .or(let children): children.flatMap(\.leaves)
        case .not(let child): child.leaves
        }
    }

    /// Why it is unknown, a sentence for each unknown leaf; empty when it is known.
    public var unknownReasons: [String] {
        guard truth == .unknown else { return [] }
        return leaves.filter { $0.truth == .unknown }.map(\.explanation)
    }
}

/// One comparison of a condition, answered.
public struct LeafEvaluation: Sendable, Codable, Hashable {
    /// As in the policy file, e.g. `p95LatencyExceeds`.
    public var name: String
    /// 1-based line in the policy file.
    public var line: Int?
    public var truth: KleeneTruth
    /// One figure, or the short and the long window of a burn rate.
    public var figures: [FigureEvaluation]

    public init(name: String, line: Int?, truth: KleeneTruth, figures: [FigureEvaluation]) {
        self.name = name
        self.line = line
        self.truth = truth
        self.figures = figures
    }

    /// A plain sentence with value, threshold, samples and age, or why it is unknown.
    public var explanation: String { figures.map(\.explanation).joined(separator: " and ") }
}

/// One figure held against its threshold.
public struct FigureEvaluation: Sendable, Codable, Hashable {
    public var query: MetricQuery
    public var window: Duration
    public var comparison: Condition.Comparison
    /// In the unit of the query.
    public var threshold: Double
    /// What the source said, before it was judged.
    public var reading: Reading
    public var truth: KleeneTruth
    /// Why ``truth`` is unknown; `nil` when it is known.
    public var doubt: Doubt?

    public init(
        query: MetricQuery, window: Duration, comparison: Condition.Comparison, threshold: Double, reading: Reading, truth: KleeneTruth,
        doubt: Doubt? = nil
    ) {
        self.query = query
        self.window = window
        self.comparison = comparison
        self.threshold = threshold
        self.reading = reading
        self.truth = truth
        self.doubt = doubt
    }

    /// Why a figure cannot be compared.
    public enum Doubt: Sendable, Codable, Hashable {
        case noFigure(Reading.Unknown)
        /// The report has the figure but not how many requests are behind it.
        case uncounted(need: Int)
        /// Readings that were not finite could put it on either side of the threshold.
        case straddles(lower: Double?, upper: Double?)
    }
}

/// Evaluates a condition against what a source knows at one moment. Pure: the source decides which moment.
///
/// A leaf is unknown when its figure is missing, not reported, not finite, older than `staleAfter`, backed by too few samples, or when
/// `lower...upper` of the reading lies on both sides of the threshold. What counts as too few: see ``MetricQuery/SampleKind``; a reported
/// figure without a count is taken as one sample and so is unknown where more than one is asked for. An `and` of nothing is true, an `or` of
/// nothing is false.
/// - Parameters:
///   - window: The trigger's window, for leaves that do not name their own.
///   - minSamples: Fewest requests behind a figure that counts requests.
///   - staleAfter: The greatest age of a figure's newest sample.
public func evaluate(
    _ condition: Condition, window: Duration, minSamples: Int, staleAfter: Duration, source: any ReadingSource
) -> ConditionEvaluation {
    ConditionEvaluator(window: window, minSamples: minSamples, staleAfter: staleAfter, source: source).evaluate(condition)
}

private struct ConditionEvaluator {
    let window: Duration
    let minSamples: Int
    let staleAfter: Duration
    let source: any ReadingSource

    func evaluate(_ condition: Condition) -> ConditionEvaluation {
        switch condition {
        case .leaf(let leaf):
            let answer = evaluate(leaf)
            return ConditionEvaluation(truth: answer.truth, parts: .leaf(answer))
        case .and(let conditions):
            let children = conditions.map(evaluate)
            return ConditionEvaluation(truth: children.reduce(.true) { $0 && $1.truth }, parts: .and(children))
        case .or(let conditions):
            let children = conditions.map(evaluate)
            return ConditionEvaluation(truth: children.reduce(.false) { $0 || $1.truth }, parts: .or(children))
        case .not(let condition):
            let child = evaluate(condition)
            return ConditionEvaluation(truth: !child.truth, parts: .not(child))
        }
    }

    private func evaluate(_ leaf: Condition.Leaf) -> LeafEvaluation {
        let figures: [FigureEvaluation]
        switch leaf.test {
        case .compare(let query, let comparison, let threshold, let ownWindow):
            figures = [compare(query, comparison, threshold, over: ownWindow ?? window)]
        case .burnRate(let short, let long, let factor):
            figures = [short, long].map { compare(.burnRate, .above, factor, over: $0) }
        }
        return LeafEvaluation(
            name: leaf.name, line: leaf.line, truth: figures.reduce(.true) { $0 && $1.truth }, figures: figures)
    }

    private func compare(
        _ query: MetricQuery, _ comparison: Condition.Comparison, _ threshold: Double, over window: Duration
    ) -> FigureEvaluation {
        let reading = source.reading(query, over: window)
        var figure = FigureEvaluation(
            query: query, window: window, comparison: comparison, threshold: threshold, reading: reading, truth: .unknown)
        switch reading {
        case .unknown(let reason): figure.doubt = .noFigure(reason)
        case .value(let value):
            figure.doubt = doubt(about: value, of: query)
            guard figure.doubt == nil else { return figure }
            figure.truth = comparison.holds(from: value.lower, through: value.upper, threshold: threshold)
            if figure.truth == .unknown { figure.doubt = .straddles(lower: value.lower, upper: value.upper) }
        }
        return figure
    }

    private func doubt(about value: Reading.Value, of query: MetricQuery) -> FigureEvaluation.Doubt? {
        guard value.value.isFinite else { return .noFigure(.notFinite(count: value.samples ?? 1)) }
        guard value.age <= staleAfter else { return .noFigure(.stale(age: value.age)) }
        let need = query.sampleKind == .requests ? minSamples : min(minSamples, 1)
        guard let samples = value.samples else { return need > 1 ? .uncounted(need: need) : nil }
        return samples < need ? .noFigure(.tooFewSamples(have: samples, need: need)) : nil
    }
}

extension Condition.Comparison {
    /// Whether every value in `lower...upper` passes, none does, or some do. An absent or undefined end is unbounded.
    func holds(from lower: Double?, through upper: Double?, threshold: Double) -> KleeneTruth {
        let lowest = lower.flatMap { $0.isNaN ? nil : $0 } ?? -.infinity
        let highest = upper.flatMap { $0.isNaN ? nil : $0 } ?? .infinity
        let atLowest = holds(lowest, threshold)
        return atLowest == holds(highest, threshold) ? KleeneTruth(atLowest) : .unknown
    }

    private func holds(_ value: Double, _ threshold: Double) -> Bool {
        switch self {
        case .above: value > threshold
        case .below: value < threshold
        case .atLeast: value >= threshold
        }
    }
}
