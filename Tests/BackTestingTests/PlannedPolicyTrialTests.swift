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
        return ScalingTrial(RateSeries(stepSeconds: 300, rates: rates), under: conditions)
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

    private static let wave = [8.0, 8, 20, 20, 8, 8]

    /// The contestant `planner` of a back-test.
    private func alone(_ trial: ScalingTrial) -> ScalingScore {
        var planner = ReplicaPlanner(
            PlannerSettings(
                profile: trial.setup.profile, engine: trial.setup.settings, timePerOutputToken: trial.objective.timePerOutputToken,
                attainment: PlannerSettings.aim(0.99), coldStart: Nanoseconds(seconds: 185)))
        return trial.run(&planner)
    }

    @Test("does about as well as the planner alone")
    func asGood() async throws {
        let trial = Self.trial(Self.wave)
        let alone = alone(trial)
        let outcome = try await PolicyTrial(trial, policy: Self.policy()).run()
        let score = outcome.score.scaling
        #expect(abs(try #require(score.attainment) - (try #require(alone.attainment))) <= 0.005, "\(score) \(alone)")
        #expect(abs(score.replicaHours / alone.replicaHours - 1) <= 0.03, "\(score) \(alone)")
        #expect(score.changes >= 2 && outcome.refusals.isEmpty, "\(outcome.refusals)")
        #expect(outcome.adjustments.allSatisfy { $0.kind == .planned && $0.state == .kept && $0.reason.isEmpty == false })
    }

    @Test("the same seed gives the same adjustments and the same score")
    func determinism() async throws {
        let trial = Self.trial([6, 14])
        let one = try await PolicyTrial(trial, policy: Self.policy()).run()
        let other = try await PolicyTrial(trial, policy: Self.policy()).run()
        #expect(one.adjustments == other.adjustments && one.score == other.score && !one.adjustments.isEmpty)
    }

    @Test("without a source that counts requests nothing is planned and nothing moves")
    func probesOnly() async throws {
        var policy = Self.policy()
        policy.monitor.sources = [
            .init(name: "probe", kind: .probe(.init(endpoint: "http://x", provider: "openai", model: "m", rate: 1)))
        ]
        let outcome = try await PolicyTrial(Self.trial([8, 16]), policy: policy).run()
        #expect(outcome.adjustments.isEmpty && outcome.score.scaling.changes == 0)
    }
}
