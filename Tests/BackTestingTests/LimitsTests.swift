import BackTesting
import EngineModels
import Measurements
import Scaling
import Simulation
import Testing

@Suite("The limits of a trial")
struct LimitsTests {
    /// Half an hour of small replicas: a high time between two low ones.
    private let trial: ScalingTrial = {
        let shape = LoadShape.series(RateSeries(stepSeconds: 300, rates: [3, 3, 3, 10, 10, 3]))
        var arrivals = Arrivals(shape: shape, inputs: .constant(1_000), outputs: .constant(200), seed: 9)
        let end = Nanoseconds(seconds: 1_800)
        return ScalingTrial(
            setup: PoolSetup(profile: .llama70BOnFourH100, settings: EngineSettings(maxNumSeqs: 16), replicas: 2),
            requests: arrivals.requests(before: end), end: end, warmUp: Nanoseconds(seconds: 300), replicaRange: 1...8)
    }()

    @Test("the fluid bound is below the clairvoyant schedule, and that below the best fixed fleet")
    func order() throws {
        let fluid = trial.fluidReplicaHours()
        let fleet = try #require(trial.bestFixedFleet())
        let clairvoyant = try #require(trial.clairvoyant(effort: 14))
        #expect(fluid > 0.4 && fluid < clairvoyant.score.replicaHours)
        #expect(clairvoyant.score.replicaHours < fleet.score.replicaHours)
        #expect(try #require(clairvoyant.score.attainment) >= 0.99)
        #expect(clairvoyant.runs < 18)
    }

    @Test("the best fixed fleet is the smallest that is enough")
    func smallest() throws {
        let fleet = try #require(trial.bestFixedFleet())
        var smaller = FixedFleet(fleet.replicas - 1)
        var same = trial
        same.setup.replicas = smaller.count
        #expect(try #require(same.run(&smaller).attainment) < 0.99)
        #expect(fleet.score.starts == 0)
    }

    @Test("where even the largest fleet is too small there is no limit, and where an empty engine is too slow the bound is infinite")
    func none() {
        var small = trial
        small.replicaRange = 1...1
        #expect(small.bestFixedFleet() == nil && small.clairvoyant() == nil)
        var hasty = trial
        hasty.objective.timePerOutputToken = Nanoseconds(milliseconds: 10)
        #expect(hasty.fluidReplicaHours() == .infinity)
    }

    @Test("bursts that no multiple of the mean demand serves are served by the smallest fleet that always stands, not by the largest")
    func bursts() throws {
        var bursty = trial
        bursty.requests = (0..<300).map { index in
            SimulatedRequest(
                id: index, arrival: Nanoseconds(seconds: 400 + 250 * Double(index / 60) + 0.01 * Double(index % 60)), inputTokens: 1_000,
                outputTokens: 200)
        }
        let fleet = try #require(bursty.bestFixedFleet())
        let clairvoyant = try #require(bursty.clairvoyant(effort: 14))
        #expect((3...6).contains(fleet.replicas), "\(fleet.replicas)")
        #expect(clairvoyant.schedule.ready.max() == fleet.replicas)
    }

    @Test("a day without requests needs only the fewest replicas")
    func nothing() throws {
        var idle = trial
        idle.requests = []
        #expect(abs(idle.fluidReplicaHours() - 1_800 / 3_600.0) < 1e-9)
        let clairvoyant = try #require(idle.clairvoyant())
        #expect(clairvoyant.schedule.ready.allSatisfy { $0 == 1 })
        #expect(clairvoyant.score.attainment == nil)
    }
}

@Suite("A schedule of replicas")
struct FleetScheduleTests {
    private func schedule(_ needed: [Int], initial: Int = 1) -> FleetSchedule {
        FleetSchedule(slot: Nanoseconds(seconds: 60), lead: Nanoseconds(seconds: 150), initial: initial, needed: needed)
    }

    @Test("a gap shorter than a start is bridged and a longer one is not")
    func gaps() {
        #expect(schedule([1, 2, 1, 1, 2, 1]).ready == [1, 2, 2, 2, 2, 1])
        #expect(schedule([1, 2, 1, 1, 1, 2, 1]).ready == [1, 2, 1, 1, 1, 2, 1])
    }

    @Test("each of several replicas has gaps of its own")
    func layers() {
        #expect(schedule([4, 1, 2, 1, 4], initial: 4).ready == [4, 2, 2, 2, 4])
        #expect(schedule([3, 1, 1, 3], initial: 3).ready == [3, 3, 3, 3])
        #expect(schedule([1, 1, 3, 3], initial: 3).ready == [3, 3, 3, 3])
    }
}
