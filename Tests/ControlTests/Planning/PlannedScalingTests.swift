import Foundation
import Learning
import Measurements
import Policies
import Scaling
import Statistics
import Testing

@testable import Control

@Suite("A plan in a decision")
struct PlannedScalingTests {
    private let now = Timestamp(secondsSinceEpoch: 1_800_000_000)

    /// What the planner asks for after some minutes at a rate.
    private func plan(_ replicas: Int) throws -> ReplicaPlan {
        let policy = PlannedWorld.policy()
        var planner = ReplicaPlanner(try PlannerSettings(policy, try #require(policy.plannedKnob?.plan)))
        let finished = ScalingObservation.Finished()
        var plan = planner.plan(
            after: ScalingObservation(
                time: Nanoseconds(seconds: 15), length: Nanoseconds(seconds: 15), arrivals: 60, arrivedInputTokens: 60_000,
                finished: finished, wanted: 1, starting: 0, waitingAtGateway: 0, replicas: []))
        plan.replicas = replicas
        return plan
    }

    private func decision(
        _ policy: Policy, running: Int, plan replicas: Int?, _ change: (inout Snapshot) -> Void = { _ in }
    ) throws -> Decision {
        let window = WindowStatistics(StatisticsAccumulator())
        var snapshot = Snapshot(policy: policy.name, time: now, window: window, bottleneck: window.bottleneck)
        snapshot.state = TargetState(values: ["replicas": KnobState(.integer(running), origin: .live)])
        snapshot.plan = try replicas.map { .planned(try plan($0)) }
        change(&snapshot)
        let decision = decide(snapshot, under: policy)
        let record = CycleRecord(
            id: UUID(), origin: .run, toolVersion: "test", policy: policy, snapshot: snapshot, decision: decision)
        let copy = try CanonicalJSON.decode(CycleRecord.self, from: try CanonicalJSON.encode(record))
        #expect(try replay(copy) == .identical)
        return decision
    }

    @Test("any step is one change, with the plan's sentence; what runs as planned is nothing to do")
    func steps() throws {
        let up = try decision(PlannedWorld.policy(), running: 3, plan: 9)
        #expect(up.outcome == .recommend && up.recommendations[0].candidate.to == .integer(9))
        #expect(up.recommendations[0].rationale.hasPrefix("N=9 because demand") && up.recommendations[0].effect.outcomes[.cost] != nil)
        let down = try decision(PlannedWorld.policy(), running: 9, plan: 7)
        #expect(down.recommendations[0].candidate.step == -1 && down.recommendations[0].candidate.to == .integer(7))
        let same = try decision(PlannedWorld.policy(), running: 9, plan: 9)
        #expect(same.outcome == .nothingToDo && same.reasons[1] == "As many replicas run as are planned.")
    }

    @Test("a dry run has no plan and says so, and leaves the replicas alone")
    func dryRun() throws {
        let decision = try decision(PlannedWorld.policy(), running: 3, plan: nil)
        #expect(decision.outcome == .unknown && decision.recommendations.isEmpty)
        #expect(
            decision.reasons == [
                "replicas: no plan: replicas are planned by a running controller (run, cycle) from what comes, period by period."
            ])
    }

    @Test("stays within min and max and behavior, and says what held it back")
    func limits() throws {
        var policy = PlannedWorld.policy()
        let most = try decision(policy, running: 20, plan: 40)
        #expect(most.recommendations[0].candidate.to == .integer(24))
        #expect(most.recommendations[0].rationale.hasSuffix("Of these, 24 now: 'min' and 'max' of the policy allow no 40."))
        #expect(try decision(policy, running: 24, plan: 40).outcome == .nothingToDo)
        policy.behavior.scaleUp.policies = [.init(type: .pods, value: 2, period: .seconds(60))]
        let part = try decision(policy, running: 3, plan: 9)
        #expect(part.recommendations[0].candidate.to == .integer(5))
        #expect(part.recommendations[0].rationale.contains("Of these, 5 now: behavior's policies allow no further change"))
        let none = try decision(policy, running: 5, plan: 9) {
            $0.history.changes = [PastChange(time: now, knob: "replicas", role: .replicas, from: .integer(3), to: .integer(5))]
        }
        #expect(none.outcome == .hold && none.excluded[0].reason == .rateLimit && none.recommendations.isEmpty)
        policy.behavior.scaleDown.stabilizationWindow = .seconds(300)
        let stable = try decision(policy, running: 9, plan: 4) {
            $0.history.replicaRecommendations = [ReplicaRecommendation(time: now.advanced(by: .seconds(-60)), replicas: 9)]
        }
        #expect(stable.outcome == .hold && stable.excluded[0].reason == .stabilization)
    }

    @Test("what did not work a while ago bounds what is tried, in its direction, until its time is over")
    func infeasible() throws {
        func failed(_ count: Int, until seconds: Int = 60) -> (inout Snapshot) -> Void {
            {
                $0.history.infeasible = [
                    InfeasibleChange(knob: "replicas", to: .integer(count), until: now.advanced(by: .seconds(seconds)), reason: "no room")
                ]
            }
        }
        let policy = PlannedWorld.policy()
        let bounded = try decision(policy, running: 3, plan: 9, failed(6))
        #expect(bounded.recommendations[0].candidate.to == .integer(5) && bounded.recommendations[0].rationale.contains("no room"))
        let none = try decision(policy, running: 5, plan: 9, failed(6))
        #expect(none.excluded[0].reason == .infeasible && none.recommendations.isEmpty)
        #expect(try decision(policy, running: 3, plan: 9, failed(6, until: 0)).recommendations[0].candidate.to == .integer(9))
        #expect(try decision(policy, running: 3, plan: 5, failed(6)).recommendations[0].candidate.to == .integer(5))
        #expect(try decision(policy, running: 9, plan: 4, failed(6)).recommendations[0].candidate.to == .integer(7))
    }

    @Test("budgets and other owners are kept, and said")
    func others() throws {
        var policy = PlannedWorld.policy()
        policy.budgets.adjustments = .init(count: 1, window: .seconds(3_600))
        let spent = try decision(policy, running: 5, plan: 9) {
            $0.history.changes = [
                PastChange(time: now.advanced(by: .seconds(-600)), knob: "replicas", role: .replicas, from: .integer(3), to: .integer(5))
            ]
        }
        #expect(spent.excluded[0].reason == .budget && spent.outcome == .hold)
        let owned = try decision(PlannedWorld.policy(), running: 5, plan: 9) { $0.state.foreignOwners = ["replicas": "an HPA"] }
        #expect(owned.excluded[0].reason == .ownedByAnother && owned.excluded[0].explanation.contains("an HPA"))
    }

    @Test("triggers move other knobs and never the planned one; the plan comes first")
    func triggers() throws {
        var policy = PlannedWorld.policy()
        var trigger = Trigger(
            name: "slow", type: .latencyThreshold,
            condition: .leaf(
                .init(
                    name: "p95LatencyExceeds",
                    test: .compare(.latency(.timeToFirstToken, .percentile(.p95)), .above, threshold: 0.5, window: nil))))
        trigger.minSamples = 1
        trigger.holdFor = .zero
        policy.triggers = [trigger]
        policy.knobs.append(
            Knob(name: "slots", domain: .range(min: 1, max: 64, step: 1), place: .field(pointer: "/a"), role: .concurrency))
        func slow(_ snapshot: inout Snapshot) {
            snapshot.state.values["slots"] = KnobState(.integer(8), origin: .live)
            snapshot.readings = [
                RecordedReading(
                    query: .latency(.timeToFirstToken, .percentile(.p95)), window: trigger.window,
                    reading: .value(.init(3, samples: 500)))
            ]
        }
        let beside = try decision(policy, running: 3, plan: 3, slow)
        #expect(beside.triggers[0].outcome.isFiring && !beside.recommendations.contains { $0.candidate.knob == "replicas" })
        #expect(!beside.excluded.contains { $0.knob == "replicas" })
        let first = try decision(policy, running: 3, plan: 5, slow)
        #expect(first.recommendations.first?.candidate.knob == "replicas" && first.recommendations.first?.candidate.to == .integer(5))
        policy.knobs[0].plan = nil
        let stepped = try decision(policy, running: 3, plan: nil, slow)
        #expect(stepped.plan == nil)
        #expect((stepped.recommendations.map(\.candidate.knob) + stepped.excluded.map(\.knob)).contains("replicas"))
    }
}
