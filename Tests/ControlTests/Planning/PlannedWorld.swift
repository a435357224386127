import EngineModels
import Foundation
import Learning
import Measurements
import Policies
import Scaling
import Statistics
import Synchronization

@testable import Control

/// A deployment whose replicas are planned: requests come at a rate, and pods serve when they are told to.
final class PlannedWorld: Sendable {
    struct State {
        var now = Timestamp(secondsSinceEpoch: 1_800_000_000)
        /// Requests per second.
        var rate = 6.0
        /// Share of the answers that are late.
        var late = 0.0
        /// What the source does not know.
        var unknown: Set<ServiceLoad.Figure> = []
        var isSilent = false
        var told = Timestamp(secondsSinceEpoch: 1_800_000_000)
        var replicas = 2
        var ready: Int? = 2
        var rollout: TargetObservation.Rollout = .settled
        /// Whether pods that are asked for serve at once.
        var startsAtOnce = true
        var mark: AdjustmentMark?
        var owners: [String: String] = [:]
        var writes: [ChangeOrder] = []
        var events: [ControlEvent] = []
        var identifiers: UInt64 = 0
        var leads = true
    }

    let state = Mutex(State())
    let policy: Policy
    let journal: any Journal

    init(_ policy: Policy = PlannedWorld.policy(), journal: any Journal = MemoryJournal()) {
        self.policy = policy
        self.journal = journal
    }

    static func policy(_ mode: Policy.Mode = .auto, profile: String = "L70-H100x4") -> Policy {
        var policy = Policy(
            name: "chat", target: .kubernetes(.init(namespace: "llm", apiVersion: "apps/v1", kind: "Deployment", name: "chat")))
        policy.mode = mode
        policy.objective.latencies = [
            .init(metric: .timeToFirstToken, statistic: .percentile(.p99), limit: .seconds(2)),
            .init(metric: .timePerOutputToken, statistic: .mean, limit: .milliseconds(50)),
        ]
        policy.behavior.scaleUp.policies = [.init(type: .percent, value: 900, period: .seconds(15))]
        policy.behavior.scaleDown.stabilizationWindow = .zero
        policy.knobs = [
            Knob(
                name: "replicas", domain: .range(min: 1, max: 24, step: 1), place: .replicas, role: .replicas,
                plan: ReplicaPlanTerms(profile: profile))
        ]
        return policy
    }

    func makeLoop(_ changed: Policy? = nil) -> PolicyLoop {
        let ports = LoopPorts(
            clock: Clock(world: self), sources: [Source(world: self)], adjuster: Target(world: self), journal: journal,
            leadership: Leader(world: self), announcer: Listener(world: self), makeIdentifier: { self.identifier() }, toolVersion: "test",
            origin: .run)
        return PolicyLoop(policy: changed ?? policy, target: "llm/Deployment/chat", ports: ports)
    }

    func identifier() -> UUID {
        let number = state.withLock { state in
            state.identifiers += 1
            return state.identifiers
        }
        return UUID(uuidString: String(format: "00000000-0000-4000-8000-%012x", number))!
    }

    /// Lets an interval pass and the loop look.
    @discardableResult
    func tick(_ loop: PolicyLoop, seconds: Int = 15) async -> PolicyLoop.Report {
        state.withLock { $0.now = $0.now.advanced(by: .seconds(seconds)) }
        return await loop.tick()
    }

    /// Ticks until something holds, at most so often.
    func ticks(_ loop: PolicyLoop, atMost most: Int, until holds: (PolicyLoop.Report) -> Bool = { _ in false }) async -> PolicyLoop.Report {
        var report = await tick(loop)
        for _ in 1..<most where !holds(report) { report = await tick(loop) }
        return report
    }

    var replicas: Int { state.withLock(\.replicas) }
    var events: [ControlEvent] { state.withLock(\.events) }
    var adjustments: [Adjustment] {
        (journal as? MemoryJournal)?.state.withLock { state in state.order.compactMap { state.adjustments[$0] } } ?? []
    }

    private struct Clock: ControlClock {
        let world: PlannedWorld
        var steady: Timestamp { world.state.withLock(\.now) }
        var wall: Timestamp { steady }
    }

    private struct Leader: Leadership {
        let world: PlannedWorld
        func term() -> FencingToken? { world.state.withLock { $0.leads ? .unfenced : nil } }
    }

    private struct Listener: Announcer {
        let world: PlannedWorld
        func announce(_ event: ControlEvent) { world.state.withLock { $0.events.append(event) } }
    }

    private struct Source: MeasurementSource {
        let world: PlannedWorld
        let name = "engine"

        func deliver(_ request: DeliveryRequest) async -> Delivery {
            world.state.withLock { state in
                guard !state.isSilent, request.loadLimits?.isEmpty == false else { return Delivery(faults: ["nobody answers"]) }
                let load = PlannedWorld.load(from: state.told, to: request.now, rate: state.rate, late: state.late, without: state.unknown)
                state.told = request.now
                return Delivery(load: load)
            }
        }
    }

    /// Prompts of 1000 tokens, answers of 200, a token every 30 ms.
    static func load(
        from start: Timestamp, to end: Timestamp, rate: Double, late: Double = 0, without unknown: Set<ServiceLoad.Figure> = []
    ) -> ServiceLoad {
        var load = ServiceLoad(start: start, end: end)
        let count = Int((rate * end.since(start).seconds).rounded())
        var finished = ScalingObservation.Finished()
        finished.count = count
        finished.inputTokens = 1_000 * count
        finished.outputTokens = 200 * count
        finished.withSeveralTokens = count
        finished.timePerOutputToken = 0.03 * Double(count)
        if !unknown.contains(.arrivals) { load.arrivals = count }
        if !unknown.contains(.promptLengths) { (load.prompts, load.promptTokens) = (count, finished.inputTokens) }
        if !unknown.contains(.answers) { load.finished = finished }
        if !unknown.contains(.late) { load.missed = Int((late * Double(count)).rounded()) }
        if !unknown.contains(.waiting) { load.waiting = 0 }
        load.running = count / 2
        return load
    }

    private struct Target: Adjuster {
        let world: PlannedWorld

        func observe(with knob: Knob?) async throws(AdjusterError) -> TargetObservation {
            world.state.withLock { state in
                var observation = TargetObservation(
                    identity: "uid", values: ["replicas": KnobState(.integer(state.replicas), origin: .live)], rollout: state.rollout)
                observation.readyReplicas = state.ready
                observation.mark = state.mark
                observation.markCameWithValue = true
                observation.foreignOwners = state.owners
                return observation
            }
        }

        func rehearse(_ order: ChangeOrder) async throws(AdjusterError) {}

        func apply(_ order: ChangeOrder) async throws(AdjusterError) {
            let found: KnobValue? = world.state.withLock { state in
                if state.mark?.adjustment == order.adjustment, order.to.wholeNumber == state.replicas { return nil }
                guard order.from.wholeNumber == state.replicas, let count = order.to.wholeNumber else { return .integer(state.replicas) }
                state.writes.append(order)
                state.replicas = count
                if state.startsAtOnce || count < state.ready ?? 0 {
                    (state.ready, state.rollout) = (count, .settled)
                } else {
                    state.rollout = .progressing("\(state.ready ?? 0) of \(count) pods are available")
                }
                state.mark =
                    order.direction == .back
                    ? nil
                    : AdjustmentMark(
                        adjustment: order.adjustment, policy: order.policy, knob: order.knob.name, from: order.from, to: order.to)
                return nil
            }
            if let found { throw .changedByAnother(found: found, "replicas is \(found)") }
        }

        func unmark(_ adjustment: UUID, fence: FencingToken) async throws(AdjusterError) {
            world.state.withLock { if $0.mark?.adjustment == adjustment { $0.mark = nil } }
        }
    }
}
