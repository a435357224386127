public import Measurements

/// A latency whose logarithm is compared before and after a change.
public enum ComparedMetric: String, Sendable, Codable, Hashable, CaseIterable {
    case timeToFirstToken = "ttft"
    case timePerOutputToken = "tpot"

    /// In words, as a sentence begins.
    public var name: String {
        switch self {
        case .timeToFirstToken: "time to first token"
        case .timePerOutputToken: "time per output token"
        }
    }

    /// The mean a block has of it; `nil` where it has none, or one that is not finite.
    public func mean(of block: LatencyBlock) -> LatencyBlock.BlockMean? {
        let mean = self == .timeToFirstToken ? block.logTimeToFirstToken : block.logTimePerOutputToken
        return mean.flatMap { $0.mean.isFinite && $0.count > 0 ? $0 : nil }
    }

    /// The compared metrics a limit on a latency rests on.
    public static func behind(_ latency: LatencyMetric) -> [ComparedMetric] {
        switch latency {
        case .timeToFirstToken, .prefill, .queue, .network: [.timeToFirstToken]
        case .timePerOutputToken, .interTokenLatency, .decode: [.timePerOutputToken]
        case .endToEnd: [.timeToFirstToken, .timePerOutputToken]
        }
    }
}
