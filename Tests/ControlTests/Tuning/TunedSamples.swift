import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Tuning
import Verification

@testable import Control

/// Policies, draws and trials of tuned knobs.
enum TunedSamples {
    static let now = Timestamp(secondsSinceEpoch: 1_800_000_000)

    static func policy(_ mode: Policy.Mode = .auto) -> Policy {
        var policy = Policy(name: "chat")
        policy.mode = mode
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(500))]
        policy.knobs = [
            knob("replicas", .range(min: 1, max: 8, step: 1), .replicas),
            knob("maxNumSeqs", .values([16, 32, 64].map { .integer($0) }), .concurrency),
            knob("maxNumBatchedTokens", .values([512, 2_048].map { .integer($0) }), .batchTokens),
        ]
        policy.learning.holdout = 0
        policy.tune = TuneTerms()
        return policy
    }

    private static func knob(_ name: String, _ domain: Knob.Domain, _ role: Knob.Role) -> Knob {
        Knob(
            name: name, domain: domain, place: role == .replicas ? .replicas : .containerArgument(container: "vllm", flag: "--\(name)"),
            role: role)
    }

    static func state(sequences: Int? = 16, tokens: Int? = 2_048, replicas: Int = 8) -> TargetState {
        var values = ["replicas": KnobState(.integer(replicas), origin: .live)]
        values["maxNumSeqs"] = sequences.map { KnobState(.integer($0), origin: .live) }
        values["maxNumBatchedTokens"] = tokens.map { KnobState(.integer($0), origin: .live) }
        return TargetState(values: values)
    }

    static func view(
        _ second: Int = 0, state: TargetState = state(), ready: Int? = 8, isUrgent: Bool = false, hasOpen: Bool = false,
        infeasible: [InfeasibleChange] = []
    ) -> KnobTuning.View {
        KnobTuning.View(
            now: now.advanced(by: .seconds(second)), state: state, readyReplicas: ready, identity: "uid-1", isUrgent: isUrgent,
            hasOpenAdjustment: hasOpen, requestsPerSecond: 40, infeasible: infeasible)
    }

    static let configuration = Configuration(["maxNumSeqs": .integer(16), "maxNumBatchedTokens": .integer(2_048)])

    /// A trial of more sequences that has ended, with what its groups showed.
    static func finished(
        _ id: Int, at second: Int = 0, state: AdjustmentState = .rolledBack, verdict: Verdict? = .inconclusive, effect: Double = -0.2,
        excess: Int = 0, kind: Adjustment.Kind = .tuned
    ) -> Adjustment {
        let policy = policy()
        let plan = policy.tuningPlan()
        var trial = CanaryTrial(
            podsPerGroup: 2, replicas: 8, plan: plan,
            forecast: plan.forecast(CanaryQuestion(.timeToFirstToken, effect: -0.3, readyReplicas: 8, requestsPerSecond: 40)))
        trial.wasApplied = true
        trial.course = course(plan, effect: effect, excess: excess)
        var one = Adjustment(
            id: UUID(uuidString: "00000000-0000-4000-8000-\(String(format: "%012d", id))")!, policy: policy.name, target: "llm/chat",
            identity: nil,
            candidate: Candidate(knob: "maxNumSeqs", role: .concurrency, from: .integer(16), to: .integer(32), step: 1),
            knob: policy.knobs[1], kind: kind, cycle: nil, triggers: [], terms: Adjustment.Terms(policy, verification: plan), before: [],
            trial: trial, tuning: TuningContext(configuration: configuration, objective: .latency), proposedAt: now, reason: "drawn")
        one.verdict = verdict
        let end = now.advanced(by: .seconds(second))
        let back: [AdjustmentState] = [.comparing, .applying, .settling, .observing, .rollingBack, .rolledBack]
        let kept: [AdjustmentState] = [.comparing, .applying, .settling, .observing, .promoting, .probation, .kept]
        for next in state == .kept ? kept : back { one.move(to: next, at: end, because: "so it was") }
        return one.withoutBlocks
    }

    private static func course(_ plan: VerificationPlan, effect: Double, excess: Int) -> CanaryCourse {
        var course = CanaryCourse(plan: plan, start: now, nodes: ["a", "b"])
        for position in 0..<90 {
            var bucket = CanaryBucket(start: now.advanced(by: .seconds(10 * position)), length: .seconds(10))
            let wobble = [0.01, -0.02, 0.03, -0.01, 0][position % 5]
            let isChanged = course.phase != .comparing
            for (group, level) in [(CanaryGroup.canary, (isChanged ? effect : 0) + wobble), (.control, 0)] {
                bucket[group].requests = 20
                bucket[group].judged = 20
                bucket[group].perToken.add(mean: -3.5 + level, count: 20)
                bucket[group].firstToken.add(mean: -0.5 + level, count: 20)
            }
            if isChanged, position == 89 { bucket.canary.missed = min(20, excess) }
            course.observe(bucket)
            if course.phase == .applying { course.applied(at: bucket.end, nodes: ["a", "b"]) }
        }
        return course
    }
}
