import Control
import Foundation
import Measurements
import Policies
import Statistics
import Synchronization
import Verification

extension WorldTarget {
    /// Does one write towards what is asked.
    /// - Parameter before: Called in the moment before it.
    /// - Returns: Whether there was one to be done.
    func takeStep(
        _ verb: WorldGroups.Verb, fence: FencingToken, at now: Timestamp, start: Duration, fails: Bool, by controller: Int,
        before: (WorldGroups.Step) -> Void
    ) throws(AdjusterError) -> Bool {
        let step: Result<WorldGroups.Step?, AdjusterError> = state.withLock { state in
            if state.isGone { return .failure(.gone("there is no such target")) }
            if let identity = verb.order?.change.identity, identity != state.identity {
                return .failure(.gone("another target bears the name"))
            }
            if fence.rawValue < state.fence { return .failure(.fenced("a newer controller has written")) }
            do throws(AdjusterError) {
                let step = try state.nextStep(verb, at: now)
                guard let step else { return .success(nil) }
                before(step)
                state.fence = max(state.fence, fence.rawValue)
                state.take(step, verb, fence, now, start, fails, controller)
                return .success(step)
            } catch {
                return .failure(error)
            }
        }
        return try step.get() != nil
    }

    /// A request to make a group that was thought lost arrives after all.
    func createLate(_ group: CanaryGroup, _ mark: CanaryMark, at now: Timestamp) {
        state.withLock { state in
            guard state.canary.groups[group] == nil else { return }
            state.canary.groups[group] = .init(mark: mark, value: mark.from, readyAt: now)
        }
    }
}

extension WorldTarget.State {
    mutating func take(
        _ step: WorldGroups.Step, _ verb: WorldGroups.Verb, _ fence: FencingToken, _ now: Timestamp, _ start: Duration, _ fails: Bool,
        _ controller: Int
    ) {
        switch step {
        case .mark(let mark, let count):
            if canary.mark == nil, let mark, mark.stage == .prepared { canary.replicasLeft = mark.replicas }
            canary.mark = mark
            guard let count else { return }
            replicas = count
            canary.replicasLeft = count
        case .create(let group):
            guard let mark = canary.mark else { return }
            canary.groups[group] = .init(mark: mark, value: mark.from, readyAt: now.advanced(by: start), fails: fails)
        case .delete(let group): canary.groups[group] = nil
        case .setCanary(let value):
            canary.groups[.canary]?.value = value
            canary.groups[.canary]?.readyAt = now.advanced(by: start)
            canary.groups[.canary]?.fails = fails
        case .setAll:
            guard let order = verb.order?.change else { return }
            set(order, fence, now, controller)
            (rolloutEnds, rolloutFails) = (now.advanced(by: start), fails)
        case .split:
            guard let order = verb.order?.change else { return }
            canary.kept = values["slots"]
            set(order, fence, now, controller)
            canary.mark?.stage = .applied
            (rolloutEnds, rolloutFails) = (now.advanced(by: start), fails)
        case .join(let isBack):
            canary.kept = nil
            rolloutEnds = now.advanced(by: start)
            guard case .remove = verb else {
                canary.mark?.stage = .promoted
                canary.mark?.keepsChange = true
                rolloutFails = fails
                return
            }
            if isBack, let mark { setBack(mark, fence, now, controller) }
            canary.mark = nil
            rolloutFails = false
        }
    }

    private mutating func set(_ order: ChangeOrder, _ fence: FencingToken, _ now: Timestamp, _ controller: Int) {
        var order = order
        order.fence = fence
        writes.append(.init(order: order, time: now, controller: controller, lastWriter: lastWriter["slots"] ?? nil))
        values["slots"] = order.to
        lastWriter["slots"] = .some(order.adjustment)
        mark = AdjustmentMark(adjustment: order.adjustment, policy: order.policy, knob: order.knob.name, from: order.from, to: order.to)
    }

    private mutating func setBack(_ mark: AdjustmentMark, _ fence: FencingToken, _ now: Timestamp, _ controller: Int) {
        let order = ChangeOrder(
            adjustment: mark.adjustment, policy: mark.policy, direction: .back, knob: WorldRun.knob, from: mark.to, to: mark.from,
            identity: nil, fence: fence)
        writes.append(.init(order: order, time: now, controller: controller, lastWriter: lastWriter["slots"] ?? nil))
        values["slots"] = mark.from
        lastWriter["slots"] = .some(mark.adjustment)
        self.mark = nil
    }
}

/// One controller's way to the groups of a target, on which calls fail as the world wills.
struct WorldCanary: CanaryTarget {
    let target: WorldTarget
    let controller: Int
    let now: @Sendable () -> Timestamp
    let fault: @Sendable (String) -> WorldConnection.Fault
    let rollout: @Sendable () -> (Duration, fails: Bool)
    let onStep: @Sendable (WorldGroups.Step, WorldGroups.Verb) -> Void
    /// A group's making got no answer, and may happen later.
    let onLost: @Sendable (CanaryGroup, CanaryMark) -> Void

    func status(of change: ChangeOrder?) async throws(AdjusterError) -> CanaryStatus {
        switch fault("status") {
        case .unreachable, .lostAnswer, .timeoutBefore: throw .unreachable("no answer")
        case .none, .conflict, .refused: break
        }
        let status = target.state.withLock { $0.isGone ? nil : $0.canaryStatus(at: now()) }
        guard let status else { throw .gone("there is no such target") }
        return status
    }

    func rehearse(_ order: CanaryOrder) async throws(AdjusterError) {
        switch fault("canary-rehearse") {
        case .refused: throw .refused("403: no")
        case .unreachable, .lostAnswer, .timeoutBefore: throw .unreachable("no answer")
        case .conflict: throw .conflict("409")
        case .none: break
        }
        let outcome: Result<Void, AdjusterError> = target.state.withLock { state in
            do throws(AdjusterError) {
                try state.rehearse(order, at: now())
                return .success(())
            } catch { return .failure(error) }
        }
        try outcome.get()
    }

    func prepare(_ order: CanaryOrder) async throws(AdjusterError) { try yielding(.prepare(order), order) }
    func apply(_ order: CanaryOrder) async throws(AdjusterError) { try yielding(.apply(order), order) }
    func promote(_ order: CanaryOrder) async throws(AdjusterError) { try yielding(.promote(order), order) }
    func remove(_ experiment: UUID?, of change: ChangeOrder?, fence: FencingToken) async throws(AdjusterError) {
        try carryOut(.remove(experiment), fence)
    }

    private func yielding(_ verb: WorldGroups.Verb, _ order: CanaryOrder) throws(AdjusterError) {
        do throws(AdjusterError) {
            try carryOut(verb, order.change.fence)
        } catch {
            if case .changedByAnother = error { try carryOut(.remove(order.change.adjustment), order.change.fence) }
            throw error
        }
    }

    private func carryOut(_ verb: WorldGroups.Verb, _ fence: FencingToken) throws(AdjusterError) {
        for _ in 0..<12 {
            let fault = fault("canary-write")
            switch fault {
            case .unreachable: throw .unreachable("connection refused")
            case .timeoutBefore:
                lose(verb)
                throw .outcomeUnknown("504")
            case .conflict: throw .conflict("409")
            case .refused: throw .refused("403: no")
            case .none, .lostAnswer: break
            }
            let (start, fails) = rollout()
            let isDone = try !target.takeStep(
                verb, fence: fence, at: now(), start: start, fails: fails, by: controller, before: { onStep($0, verb) })
            if fault == .lostAnswer { throw .outcomeUnknown("the connection was cut") }
            if isDone { return }
        }
    }

    private func lose(_ verb: WorldGroups.Verb) {
        let lost: (CanaryGroup, CanaryMark)? = target.state.withLock { state in
            guard let mark = state.canary.mark, let step = try? state.nextStep(verb, at: now()), case .create(let group) = step else {
                return nil  // Whatever else is lost is simply asked for again.
            }
            return (group, mark)
        }
        if let lost { onLost(lost.0, lost.1) }
    }
}

/// What the groups of a world do with the settings they have; blind now and then.
struct WorldMeter: CanaryMeter {
    let world: World
    let obstacle: String? = nil
    let countsArrivals = false

    func buckets(_ look: CanaryLook) async -> [CanaryBucket] {
        let values = world.target.state.withLock { state -> [CanaryGroup: Int] in
            let rest = state.valueOfRest?.wholeNumber ?? 2
            guard state.canary.form == .objects else { return [.canary: state.values["slots"]?.wholeNumber ?? 2, .control: rest] }
            return state.canary.groups.mapValues { $0.value.wholeNumber ?? 2 }
        }
        return world.state.withLock { state in
            // Blind for a while: what was not seen is told as not seen, or not told at all.
            if look.now < state.blindUntil { return state.generator.next() % 2 == 0 ? [] : buckets(look, [:], &state) }
            return buckets(look, values, &state)
        }
    }

    private func buckets(_ look: CanaryLook, _ values: [CanaryGroup: Int], _ state: inout World.State) -> [CanaryBucket] {
        var buckets: [CanaryBucket] = []
        var start = look.since
        while start.advanced(by: look.bucketLength) <= look.now, buckets.count < 20 {
            var bucket = CanaryBucket(start: start, length: look.bucketLength)
            for group in CanaryGroup.allCases {
                let pods = group == .canary ? look.status.canary : look.status.control
                bucket[group].readyReplicas = pods.count(where: \.counts)
                guard let value = values[group] else {
                    bucket[group].isTold = false
                    continue
                }
                let shift = world.effect[value] ?? 0
                bucket[group].requests = 24
                bucket[group].perToken.add(mean: -3.5 + shift + 0.03 * state.normal(), count: 24)
                bucket[group].firstToken.add(mean: -0.3 + shift + 0.05 * state.normal(), count: 24)
            }
            buckets.append(bucket)
            start = bucket.end
        }
        return buckets
    }
}
