import Documents
import Measurements

extension TestParameters {
    /// Under the schema's names; of what was not said, what the requests turned out to be.
    func value(for summary: BenchmarkSummary) -> DocumentValue {
        let counts = summary.stages.map(\.whole.counts)
        // Wrapping: a document that was read may claim any count.
        let total = counts.reduce(0) { $0 &+ $1.completed &+ $1.failed &+ $1.cancelled &+ $1.discarded }
        let levels = summary.stages.compactMap(\.load.concurrency)
        let tokens = ResultsDocument.headline(summary)?.whole.tokens
        let input = inputTokens ?? tokens?.meanInput.map { AskedLengths(mean: $0) }
        let output = outputTokens ?? tokens?.meanOutput.map { AskedLengths(mean: $0) }
        return .members([
            ("input_tokens", input?.value), ("output_tokens", output?.value),
            ("concurrency_levels", levels.isEmpty ? nil : .array(levels.map { .integer(Int64($0)) })),
            ("warmup_requests", .integer(Int64(max(0, counts.reduce(0) { $0 &+ $1.warmUp })))),
            ("total_requests", total >= 1 ? .integer(Int64(total)) : nil),
        ])
    }
}

extension TestParameters.AskedLengths {
    fileprivate var value: DocumentValue {
        .members([
            ("mean", .integer(Self.whole(mean))), ("stddev", standardDeviation.map { .integer(Self.whole($0)) }),
            ("distribution", ["normal", "uniform", "fixed"].first { $0 == distribution }.map { .string($0) }),
        ])
    }

    private static func whole(_ tokens: Double) -> Int64 { Int64(min(max(tokens.rounded(), 0), 1e15)) }
}
