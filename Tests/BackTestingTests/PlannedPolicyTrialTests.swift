import BackTesting
import Control
import EngineModels
import Learning
import Measurements
import Policies
import Scaling
import Simulation
import Statistics
import Testing

@Suite("A policy whose replicas are planned, in the production loop")
struct PlannedPolicyTrialTests {
    private static let lengths = RequestTrace(
        (0..<40).map { index in
            SimulatedRequest(
                id: index, arrival: Nanoseconds(seconds: Double(index)), inputTokens: 200 + (index * 397) % 2_000,
                outputTokens: 60 + (index * 131) % 300)
        })

    private static func trial(_ rates: [Double], seed: UInt64 = 5) -> ScalingTrial {
        let conditions = TrialConditions(coldStart: Nanoseconds(seconds: 150), lengths: lengths, seed: seed)
        return ScalingTrial(RateSeries(stepSeconds: 600, rates: rates), under: conditions)
    }

    static func policy(stabilization: Duration = .zero) -> Policy {
        var policy = Policy(name: "planned")
        policy.objective.latencies = [
            .init(metric: .timeToFirstToken, statistic: .percentile(.p99), limit: .seconds(2)),
            .init(metric: .timePerOutputToken, statistic: .mean, limit: .milliseconds(50)),
        ]
        policy.objective.attainment = 0.99
        policy.behavior.scaleDown.stabilizationWindow = stabilization
        policy.knobs = [
            Knob(
                name: "replicas", domain: .range(min: 1, max: 24, step: 1), place: .replicas, role: .replicas,
                plan: ReplicaPlanTerms(profile: "L70-H100x4", startup: .seconds(185)))
        ]
        return policy
    }

    @Test("does about as well as the planner alone", arguments: [[16.0, 16, 18, 21, 24, 22, 18, 14], [8, 8, 8, 24, 24, 24, 8, 8, 8]])
    func asGood(rates: [Double]) async throws {
        let trial = Self.trial(rates)
        var settings = PlannerSettings(
            profile: trial.setup.profile, engine: trial.setup.settings, timePerOutputToken: trial.objective.timePerOutputToken)
        settings.attainment = PlannerSettings.aim(0.99)
        settings.coldStart = Nanoseconds(seconds: 185)
        var planner = ReplicaPlanner(settings)
        let alone = trial.run(&planner)
        let outcome = try await PolicyTrial(trial, policy: Self.policy()).run()
        let slow = try await PolicyTrial(trial, policy: Self.policy(stabilization: .seconds(300))).run()
        for (name, score) in [("alone", alone), ("loop", outcome.score.scaling), ("loop, 300 s", slow.score.scaling)] {
            print(name, score.attainment ?? -1, score.replicaHours, score.changes, score.reversals)
        }
        print(outcome.refusals, outcome.adjustments.map { "\($0.candidate.from)->\($0.candidate.to) \($0.state) \($0.reason)" }.prefix(60))
    }
}
