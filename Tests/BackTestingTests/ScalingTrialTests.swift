import BackTesting
import EngineModels
import Measurements
import Scaling
import Simulation
import Testing

@Suite("A trial of a scaler")
struct ScalingTrialTests {
    private func trial(rate: Double) -> ScalingTrial {
        var arrivals = Arrivals(shape: .constant(rate: rate), inputs: .constant(600), outputs: .constant(150), seed: 5)
        let end = Nanoseconds(seconds: 600)
        return ScalingTrial(
            setup: PoolSetup(profile: .llama7BOnH100, replicas: 1), requests: arrivals.requests(before: end), end: end,
            warmUp: Nanoseconds(seconds: 120), replicaRange: 1...4)
    }

    @Test("a fleet that is large enough keeps the objective, and every replica hour is counted")
    func enough() throws {
        var fleet = FixedFleet(2)
        let score = trial(rate: 6).run(&fleet)
        #expect(try #require(score.attainment) > 0.98)
        #expect(score.changes == 1 && score.starts == 1 && score.reversals == 0)
        #expect(abs(score.replicaHours - (600 + 540) / 3_600.0) < 0.001)
    }

    @Test("requests that are not answered were missed, and wishes beyond the limits are cut")
    func overload() throws {
        var fleet = FixedFleet(9)
        var seen: [Int] = []
        _ = trial(rate: 6).run(&fleet) { _, replicas in seen.append(replicas) }
        #expect(seen.allSatisfy { $0 == 4 } && seen.count == 10)
        var small = FixedFleet(1)
        let score = trial(rate: 60).run(&small)
        #expect(try #require(score.attainment) < 0.2 && score.arrived > 25_000)
    }
}
