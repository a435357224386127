import Control
import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Synchronization

/// A deployment of a simulated world: it holds settings, bears marks and fences, and tells everything that was ever done to it.
final class WorldTarget: Sendable {
    struct State {
        var identity = "uid-1"
        var isGone = false
        var values: [String: KnobValue]
        var mark: AdjustmentMark?
        var fence: Int64 = 0
        var rolloutEnds = Timestamp(nanosecondsSinceEpoch: 0)
        var rolloutFails = false
        var writes: [Write] = []
        /// Who set each knob last: an adjustment, or somebody else.
        var lastWriter: [String: UUID?] = [:]
        var replicas = 24
        /// As somebody other than a controller wants it to be.
        var replicasMeant = 24
        var canary = WorldGroups()
    }

    /// A change that took effect.
    struct Write: Sendable {
        var order: ChangeOrder
        var time: Timestamp
        var controller: Int
        var lastWriter: UUID?
    }

    let state: Mutex<State>

    init(values: [String: KnobValue]) { state = Mutex(State(values: values)) }

    func observe(at now: Timestamp) throws(AdjusterError) -> TargetObservation {
        let copy = state.withLock { State(copying: $0) }
        guard !copy.isGone else { throw .gone("there is no such target") }
        var observation = TargetObservation(
            identity: copy.identity, values: copy.values.mapValues { KnobState($0, origin: .live) },
            rollout: copy.rollout(at: now))
        observation.readyReplicas = copy.replicas
        observation.mark = copy.mark
        observation.markCameWithValue = true
        return observation
    }

    func apply(_ order: ChangeOrder, by controller: Int, at now: Timestamp, rollout: Duration, fails: Bool) throws(AdjusterError) {
        let result: Result<Void, AdjusterError> = state.withLock { state in
            if state.isGone { return .failure(.gone("there is no such target")) }
            if let identity = order.identity, identity != state.identity { return .failure(.gone("another target bears the name")) }
            if order.fence.rawValue < state.fence { return .failure(.fenced("a newer controller has written")) }
            let current = state.values[order.knob.name]
            let isDone = current.map { $0.isSame(as: order.to) } ?? false
            if isDone, order.direction == .forward, state.mark?.adjustment == order.adjustment { return .success(()) }
            if isDone, order.direction == .back { return .success(()) }
            guard let current, current.isSame(as: order.from) else {
                return .failure(.changedByAnother(found: current, "\(order.knob.name) is \(current?.description ?? "unknown")"))
            }
            let last = state.lastWriter[order.knob.name] ?? nil
            state.writes.append(Write(order: order, time: now, controller: controller, lastWriter: last))
            state.values[order.knob.name] = order.to
            state.fence = max(state.fence, order.fence.rawValue)
            state.lastWriter[order.knob.name] = .some(order.adjustment)
            state.rolloutEnds = now.advanced(by: rollout)
            state.rolloutFails = fails && order.direction == .forward
            state.mark =
                order.direction == .forward
                ? AdjustmentMark(
                    adjustment: order.adjustment, policy: order.policy, knob: order.knob.name, from: order.from, to: order.to) : nil
            return .success(())
        }
        try result.get()
    }

    func unmark(_ adjustment: UUID, fence: FencingToken) throws(AdjusterError) {
        let isFenced = state.withLock { state in
            if fence.rawValue < state.fence { return true }
            state.fence = max(state.fence, fence.rawValue)
            if state.mark?.adjustment == adjustment { state.mark = nil }
            return false
        }
        if isFenced { throw .fenced("a newer controller has written") }
    }

    /// Somebody else sets a knob.
    func edit(_ knob: String, to value: KnobValue) {
        state.withLock { state in
            // Who sets what is set already leaves nothing that could be told from before.
            guard state.values[knob]?.isSame(as: value) != true else { return }
            state.values[knob] = value
            state.lastWriter[knob] = .some(nil)
        }
    }

    /// Somebody else scales it.
    func scale(to replicas: Int) {
        state.withLock { state in
            guard state.replicas != replicas else { return }
            state.replicas = replicas
            state.replicasMeant = replicas
        }
    }

    /// Somebody deletes the target and makes it anew; what belongs to it goes with it.
    func replace(values: [String: KnobValue]) {
        state.withLock { state in
            (state.replicas, state.replicasMeant) = (24, 24)
            let form = state.canary.form
            state.canary = WorldGroups()
            state.canary.form = form
            state.identity += "'"
            state.values = values
            state.mark = nil
            state.fence = 0
            state.rolloutFails = false
            state.lastWriter = [:]
        }
    }
}

extension WorldTarget.State {
    init(copying other: borrowing WorldTarget.State) { self = copy other }
}

/// One controller's way to a target, on which calls fail as the world wills.
struct WorldConnection: Adjuster {
    enum Fault: Sendable {
        case none, unreachable, lostAnswer, timeoutBefore, conflict, refused
    }

    let target: WorldTarget
    let controller: Int
    let now: @Sendable () -> Timestamp
    let fault: @Sendable (String) -> Fault
    let rollout: @Sendable () -> (Duration, fails: Bool)
    /// Called in the moment before a write takes effect.
    let onWrite: @Sendable (ChangeOrder) -> Void

    func observe(with knob: Knob?) async throws(AdjusterError) -> TargetObservation {
        switch fault("observe") {
        case .unreachable, .lostAnswer, .timeoutBefore: throw .unreachable("no answer")
        case .none, .conflict, .refused: return try target.observe(at: now())
        }
    }

    func rehearse(_ order: ChangeOrder) async throws(AdjusterError) {
        switch fault("rehearse") {
        case .refused: throw .refused("403: no")
        case .unreachable, .lostAnswer, .timeoutBefore: throw .unreachable("no answer")
        case .conflict: throw .conflict("409")
        case .none: break
        }
    }

    func apply(_ order: ChangeOrder) async throws(AdjusterError) {
        let fault = fault("apply")
        switch fault {
        case .unreachable: throw .unreachable("connection refused")
        case .timeoutBefore: throw .outcomeUnknown("504")
        case .conflict: throw .conflict("409")
        case .refused: throw .refused("403: no")
        case .none, .lostAnswer: break
        }
        onWrite(order)
        let (duration, fails) = rollout()
        try target.apply(order, by: controller, at: now(), rollout: duration, fails: fails)
        if fault == .lostAnswer { throw .outcomeUnknown("the connection was cut") }
    }

    func unmark(_ adjustment: UUID, fence: FencingToken) async throws(AdjusterError) {
        let fault = fault("unmark")
        if fault == .unreachable || fault == .timeoutBefore { throw .unreachable("no answer") }
        try target.unmark(adjustment, fence: fence)
        if fault == .lostAnswer { throw .outcomeUnknown("the connection was cut") }
    }
}
