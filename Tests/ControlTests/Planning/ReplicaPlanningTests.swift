import EngineModels
import Measurements
import Policies
import Scaling
import Statistics
import Testing

@testable import Control

@Suite("A step of planning")
struct ReplicaPlanningTests {
    private let policy = PlannedWorld.policy()
    private let start = Timestamp(secondsSinceEpoch: 1_800_000_000)

    private func planning(_ policy: Policy? = nil) throws -> ReplicaPlanning {
        let policy = policy ?? self.policy
        let knob = try #require(policy.plannedKnob)
        return ReplicaPlanning(policy, knob, settings: try PlannerSettings(policy, try #require(knob.plan)))
    }

    private func at(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    private func target(_ replicas: Int = 3, ready: Int? = 3, rollout: TargetObservation.Rollout = .settled) -> TargetObservation {
        var target = TargetObservation(values: ["replicas": KnobState(.integer(replicas), origin: .live)], rollout: rollout)
        target.readyReplicas = ready
        return target
    }

    private func step(
        _ planning: inout ReplicaPlanning, _ seconds: Int, length: Int = 15, rate: Double = 6, target: TargetObservation? = nil
    ) -> ReplicaPlanStep {
        planning.step(
            PlannedWorld.load(from: at(seconds - length), to: at(seconds), rate: rate), target ?? self.target(), at: at(seconds))
    }

    @Test("aims at half the misses that the objective allows, for its tightest limit between tokens")
    func settings() throws {
        var policy = policy
        policy.objective.attainment = 0.99
        policy.objective.latencies.append(.init(metric: .interTokenLatency, statistic: .percentile(.p99), limit: .milliseconds(40)))
        let settings = try PlannerSettings(policy, ReplicaPlanTerms(profile: "L7-H100", startup: .seconds(60), maxNumSeqs: 64))
        #expect(abs(settings.attainment - 0.995) < 1e-12 && settings.timePerOutputToken == Nanoseconds(milliseconds: 40))
        #expect(settings.profile == .llama7BOnH100 && settings.coldStart.seconds == 60 && settings.engine.maxNumSeqs == 64)
        #expect(PlannerSettings.aim(1) == 0.999_9)
        #expect(throws: PlanRefusal.self) { try PlannerSettings(policy, ReplicaPlanTerms(profile: "L9")) }
        policy.objective.latencies = []
        #expect(throws: PlanRefusal.self) { try PlannerSettings(policy, ReplicaPlanTerms(profile: "L7-H100")) }
    }

    @Test("is what the planner says of the period, and stands until a reading would be stale")
    func stands() throws {
        var planning = try planning()
        guard case .planned(let plan) = step(&planning, 15) else { Issue.record("no plan"); return }
        #expect(plan.time.seconds == 15 && plan.replicas >= 1 && plan.description.hasPrefix("N="))
        #expect(planning.step(nil, target(), at: at(30)) == .planned(plan))
        #expect(planning.step(nil, nil, at: at(60)) == .planned(plan))
        #expect(planning.step(nil, target(), at: at(61)) == .held(.nothingHeard))
    }

    @Test("periods that are too short are put together, and count the same")
    func gathered() throws {
        var short = try planning()
        var long = try planning()
        #expect(step(&short, 5, length: 5) == .held(.gathering) && step(&short, 10, length: 5) == .held(.gathering))
        guard case .planned(let plan) = step(&short, 15, length: 5), case .planned(let other) = step(&long, 15) else {
            Issue.record("no plan")
            return
        }
        #expect(plan == other)
    }

    @Test("what came during a long silence is no period, and planning goes on after it with what it learned")
    func silence() throws {
        var planning = try planning()
        for seconds in stride(from: 15, through: 3_600, by: 15) { _ = step(&planning, seconds) }
        guard case .planned(let before) = step(&planning, 3_615) else { Issue.record("no plan"); return }
        #expect(step(&planning, 7_215, length: 3_600) == .held(.silence(seconds: 3_600)))
        guard case .planned(let after) = step(&planning, 7_230) else { Issue.record("no plan"); return }
        #expect(after.time.seconds == 15 && abs(after.price / before.price - 1) < 0.01 && after.price < 89)
    }

    @Test("the prompts of requests that are not answered yet are like the last ones, and nothing before there were any")
    func promptLengths() throws {
        var planning = try planning()
        var load = PlannedWorld.load(from: at(0), to: at(15), rate: 6)
        (load.prompts, load.promptTokens) = (0, 0)
        #expect(planning.step(load, target(), at: at(15)) == .held(.missing([.promptLengths])))
        _ = step(&planning, 30)
        (load.start, load.end) = (at(30), at(45))
        guard case .planned = planning.step(load, target(), at: at(45)) else { Issue.record("no plan"); return }
    }

    @Test("a target that does not tell how many replicas serve is not guessed at, unless all is settled")
    func target() throws {
        var planning = try planning()
        #expect(step(&planning, 15, target: target(ready: nil, rollout: .progressing("1 of 3"))) == .held(.targetUnknown))
        #expect(step(&planning, 30, target: TargetObservation()) == .held(.targetUnknown))
        guard case .planned = step(&planning, 45, target: target(ready: nil)) else { Issue.record("no plan"); return }
        var unseen = try self.planning()
        let load = PlannedWorld.load(from: at(0), to: at(15), rate: 6)
        #expect(unseen.step(load, nil, at: at(15)) == .held(.targetUnknown))
    }

    @Test("zero requests are known, and are no missing ones")
    func zero() throws {
        var planning = try planning()
        for seconds in stride(from: 15, through: 600, by: 15) { _ = step(&planning, seconds) }
        guard case .planned(let plan) = step(&planning, 615, rate: 0) else { Issue.record("no plan"); return }
        #expect(plan.seenDemand > 0 && plan.reason != .nothingSeen)
        var missing = PlannedWorld.load(from: at(615), to: at(630), rate: 0)
        missing.arrivals = nil
        #expect(planning.step(missing, target(), at: at(676)) == .held(.missing([.arrivals])))
    }

    @Test("hostile figures crash nothing and stay within bounds")
    func hostile() throws {
        var planning = try planning()
        for (index, count) in [Int.max, 0, Int.max / 2, 1_000_000_000_000_000].enumerated() {
            var load = PlannedWorld.load(from: at(index * 15), to: at(index * 15 + 15), rate: 1)
            load.arrivals = min(count, 1_000_000_000_000_000)
            (load.prompts, load.promptTokens) = (1, count)
            load.missed = count
            load.waiting = min(count, 1_000_000_000_000_000)
            guard case .planned(let plan) = planning.step(load, target(), at: at(index * 15 + 15)) else { continue }
            #expect(plan.replicas >= 1)
        }
        #expect(
            planning.step(PlannedWorld.load(from: at(60), to: at(75), rate: 1), target(100_000_000, ready: 100_000_000), at: at(200))
                == .held(.targetUnknown))
        #expect(step(&planning, 60, length: -15) == .held(.gathering) || step(&planning, 60, length: 0) != .held(.nothingHeard))
    }
}
