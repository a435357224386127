import Measurements
import Scaling
import Testing

@Suite("What a scaler sees")
struct ScalingObservationTests {
    @Test("counts what runs and waits on all replicas, and in front of the pool")
    func sums() {
        let load = ScalingObservation.ReplicaLoad(running: 3, waiting: 2, waitingTokens: 900, cachedTokens: 50, cacheCapacity: 200)
        let observation = ScalingObservation(
            time: Nanoseconds(seconds: 30), length: Nanoseconds(seconds: 15), arrivals: 60, arrivedInputTokens: 6_000,
            finished: ScalingObservation.Finished(), wanted: 3, starting: 1, waitingAtGateway: 4, replicas: [load, load])
        #expect(observation.running == 6 && observation.waiting == 8 && observation.ready == 2)
        #expect(observation.arrivalRate == 4 && load.cacheUsage == 0.25)
    }
}
