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

    @Test("as many requests as are there at the end are taken to have been there, where nothing else is told")
    func requestSeconds() {
        let load = ScalingObservation.ReplicaLoad(running: 3, waiting: 2, waitingTokens: 0, cachedTokens: 0, cacheCapacity: 0)
        var observation = ScalingObservation(
            time: Nanoseconds(seconds: 30), length: Nanoseconds(seconds: 15), arrivals: 0, arrivedInputTokens: 0,
            finished: ScalingObservation.Finished(), wanted: 1, starting: 0, waitingAtGateway: 4, replicas: [load])
        #expect(observation.requestSeconds == 9 * 15)
        observation.requestSeconds = 7
        #expect(observation.requestSeconds == 7)
    }

    @Test("periods are added up")
    func sum() {
        var finished = ScalingObservation.Finished()
        finished.count = 2
        finished.timeToFirstToken = 0.5
        finished.firstTokens.add(0.25)
        finished.firstTokens.add(0.26)
        var sum = finished
        sum.add(finished)
        #expect(sum.count == 4 && sum.timeToFirstToken == 1 && sum.firstTokens.counts.reduce(0, +) == 4)
    }

    @Test("a quantile of counts is told as Prometheus tells it: straight within its bucket, and no higher than the last bound")
    func quantile() throws {
        var counts = LatencyCounts(upperBounds: [1, 2, 4])
        #expect(counts.quantile(0.9) == nil)
        for seconds in [0.5, 1, 1.5, 3, 3, 3, 3, 3, 3, 3] { counts.add(seconds) }
        #expect(counts.counts == [2, 1, 7, 0])
        #expect(counts.quantile(0.1) == 0.5 && counts.quantile(0.2) == 1)
        #expect(try #require(counts.quantile(0.9)) == 2 + 2 * 6.0 / 7)
        counts.add(100)
        #expect(counts.quantile(1) == 4)
    }
}
