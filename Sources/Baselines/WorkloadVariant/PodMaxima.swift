import Scaling

/// What llm-d's autoscaler sees of its replicas: the largest values of the last four scrapes, 15 s apart, as `max_over_time[1m]` gives them.
struct PodMaxima: Sendable {
    private var scrapes: [[ScalingObservation.ReplicaLoad]] = []

    mutating func add(_ observation: ScalingObservation) { scrapes = (scrapes + [observation.replicas]).suffix(4) }

    /// Of the replicas that still serve.
    var replicas: [ScalingObservation.ReplicaLoad] {
        (scrapes.last ?? []).map { replica in
            let seen = scrapes.joined().filter { $0.number == replica.number }
            var largest = replica
            largest.waiting = seen.map(\.waiting).max() ?? replica.waiting
            largest.cachedTokens = seen.map(\.cachedTokens).max() ?? replica.cachedTokens
            return largest
        }
    }
}
