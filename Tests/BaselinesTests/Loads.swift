import Measurements
import Scaling

/// Observations put together by hand.
enum Loads {
    static func replica(
        running: Int = 0, waiting: Int = 0, cache: Double = 0, capacity: Int = 1_000, number: Int = 0
    )
        -> ScalingObservation.ReplicaLoad
    {
        ScalingObservation.ReplicaLoad(
            running: running, waiting: waiting, waitingTokens: 0, cachedTokens: Int((cache * Double(capacity)).rounded()),
            cacheCapacity: capacity, number: number)
    }

    static func observation(
        at second: Double, of length: Double, _ replicas: [ScalingObservation.ReplicaLoad], wanted: Int? = nil, requests: Double? = nil,
        finished: ScalingObservation.Finished = ScalingObservation.Finished()
    ) -> ScalingObservation {
        let wanted = wanted ?? replicas.count
        return ScalingObservation(
            time: Nanoseconds(seconds: second), length: Nanoseconds(seconds: length), arrivals: 0, arrivedInputTokens: 0,
            finished: finished, wanted: wanted, starting: max(0, wanted - replicas.count), waitingAtGateway: 0, replicas: replicas,
            requestSeconds: requests.map { $0 * length })
    }
}
