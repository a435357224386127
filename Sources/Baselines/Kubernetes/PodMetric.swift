public import Scaling

/// What a replica's metrics tell of its load.
public enum PodMetric: String, Sendable, Codable, Hashable, CaseIterable {
    /// `vllm:num_requests_running`.
    case running
    /// `vllm:num_requests_waiting`.
    case waiting
    /// Running and waiting.
    case requests
    /// Share of the cache that is taken, in percent.
    case cache

    public func value(of replica: ScalingObservation.ReplicaLoad) -> Double {
        switch self {
        case .running: Double(replica.running)
        case .waiting: Double(replica.waiting)
        case .requests: Double(replica.running + replica.waiting)
        case .cache: 100 * replica.cacheUsage
        }
    }

    /// Over all replicas, as a query sums it; what waits in front of the pool is no metric of an engine.
    public func sum(over observation: ScalingObservation) -> Double { observation.replicas.reduce(0) { $0 + value(of: $1) } }
}
