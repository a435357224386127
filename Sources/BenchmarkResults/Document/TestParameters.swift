import Documents
import Measurements

/// The lengths a load test asked for.
public struct TestParameters: Sendable, Hashable {
    public var inputTokens: TokenLengths?
    public var outputTokens: TokenLengths?

    public init(inputTokens: TokenLengths? = nil, outputTokens: TokenLengths? = nil) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }

    /// A distribution of lengths in tokens.
    public struct TokenLengths: Sendable, Hashable {
        public var mean: Double
        public var standardDeviation: Double?
        /// `normal`, `uniform` or `fixed`; `nil` for others, which the schema has no word for.
        public var distribution: String?

        /// - Parameters:
        ///   - mean: Finite, as is the deviation; not finite is a caller's bug and traps.
        public init(mean: Double, standardDeviation: Double? = nil, distribution: String? = nil) {
            precondition(mean.isFinite && standardDeviation?.isFinite != false, "lengths are finite, got \(mean)")
            self.mean = mean
            self.standardDeviation = standardDeviation
            self.distribution = distribution
        }

        private static func whole(_ tokens: Double) -> Int64 { Int64(min(max(tokens.rounded(), 0), 1e15)) }

        fileprivate var value: DocumentValue {
            .members([
                ("mean", .integer(Self.whole(mean))), ("stddev", standardDeviation.map { .integer(Self.whole($0)) }),
                ("distribution", ["normal", "uniform", "fixed"].first { $0 == distribution }.map { .string($0) }),
            ])
        }
    }

    func value(for summary: BenchmarkSummary) -> DocumentValue {
        let counts = summary.stages.map(\.whole.counts)
        // Wrapping: a document that was read may claim any count.
        let total = counts.reduce(0) { $0 &+ $1.completed &+ $1.failed &+ $1.cancelled &+ $1.discarded }
        let levels = summary.stages.compactMap(\.load.concurrency)
        let tokens = ResultsDocument.headline(summary)?.whole.tokens
        let input = inputTokens ?? tokens?.meanInput.map { TokenLengths(mean: $0) }
        let output = outputTokens ?? tokens?.meanOutput.map { TokenLengths(mean: $0) }
        return .members([
            ("input_tokens", input?.value), ("output_tokens", output?.value),
            ("concurrency_levels", levels.isEmpty ? nil : .array(levels.map { .integer(Int64($0)) })),
            ("warmup_requests", .integer(Int64(max(0, counts.reduce(0) { $0 &+ $1.warmUp })))),
            ("total_requests", total >= 1 ? .integer(Int64(total)) : nil),
        ])
    }
}
