public import Measurements
import Statistics

/// One request of a recorded workload: when it came and how long it was.
public struct TraceRequest: Sendable, Hashable {
    /// Since the first of the trace.
    public var offset: Nanoseconds
    public var inputTokens: Int
    public var outputTokens: Int
    /// Names of the blocks its prompt begins with, ``blockTokens`` each; what has the same names has the same text.
    public var prefixBlocks: [Int]

    /// Of Mooncake's traces.
    public static let blockTokens = 512

    public init(offset: Nanoseconds, inputTokens: Int, outputTokens: Int, prefixBlocks: [Int] = []) {
        self.offset = offset
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.prefixBlocks = prefixBlocks
    }

    /// A prompt of this length; what no block covers is drawn from the generator.
    func text(seed: UInt64, _ generator: inout SplitMix64) -> String {
        var parts: [String] = []
        var left = inputTokens
        for block in prefixBlocks where left > 0 {
            let tokens = min(left, Self.blockTokens)
            parts.append(FillerText.text(tokens: tokens, seed: seed &+ UInt64(bitPattern: Int64(block)) &* 0xD134_2543_DE82_EF95))
            left -= tokens
        }
        if left > 0 { parts.append(FillerText.text(tokens: left, &generator)) }
        return parts.joined(separator: " ")
    }
}

extension [TraceRequest] {
    /// When they come.
    /// - Parameter speed: 2 replays in half the time; above 0.
    public func arrivals(speed: Double = 1) -> ArrivalProcess {
        precondition(speed > 0 && speed.isFinite, "a trace is replayed at a speed above 0, got \(speed)")
        return .trace(map { speed == 1 ? $0.offset : Nanoseconds(seconds: $0.offset.seconds / speed) })
    }
}
