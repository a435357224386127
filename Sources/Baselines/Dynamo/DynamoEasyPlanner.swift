public import Measurements
public import Scaling

/// NVIDIA Dynamo's planner with fixed thresholds of the cache instead of objectives, every 5 s.
///
/// Source: ai-dynamo/dynamo planner/core/load_scaling.py, `_agg_easy_decision`, at 0c6da1ec.
public struct DynamoEasyPlanner: ReplicaScaler {
    public enum Optimization: String, Sendable, Codable, Hashable, CaseIterable {
        case throughput, latency

        /// Shares of the cache that tokens cached and queued take: above the first on one engine one is added, below the second on all
        /// of them one is removed.
        var thresholds: (up: Double, down: Double) { self == .latency ? (0.4, 0.1) : (1.0, 0.6) }
    }

    public let optimization: Optimization

    public init(_ optimization: Optimization) { self.optimization = optimization }

    public var name: String { "Dynamo easy \(optimization.rawValue)" }
    public var period: Nanoseconds { Nanoseconds(seconds: 5) }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        guard observation.starting == 0, observation.ready == observation.wanted else { return observation.wanted }
        return Self.desired(observation.replicas, optimization) ?? observation.wanted
    }

    /// `nil` where nothing is known.
    public static func desired(_ replicas: [ScalingObservation.ReplicaLoad], _ optimization: Optimization) -> Int? {
        guard !replicas.isEmpty, replicas.allSatisfy({ $0.cacheCapacity > 0 }) else { return nil }
        let shares = replicas.map { Double($0.cachedTokens + $0.waitingTokens) / Double($0.cacheCapacity) }
        if shares.contains(where: { $0 > optimization.thresholds.up }) { return replicas.count + 1 }
        let isIdle = replicas.count > 1 && shares.allSatisfy { $0 < optimization.thresholds.down }
        return isIdle ? replicas.count - 1 : replicas.count
    }
}
