import Control
import Foundation
import Learning
import Measurements
import Policies
import Verification

/// What the target of a world bears of a canary: as two objects beside it, or as a partition of its own replicas. No controller remembers it.
struct WorldGroups: Sendable {
    enum Form: Sendable {
        /// As two Deployments beside a Deployment.
        case objects
        /// As the update partition of a StatefulSet.
        case partition
    }

    /// An object that carries a group.
    struct Group: Sendable {
        var mark: CanaryMark
        var value: KnobValue
        var readyAt: Timestamp
        var fails = false
        /// Somebody else has changed it.
        var isChanged = false
    }

    /// One write to the target or a group.
    enum Step: Sendable {
        case mark(CanaryMark?, replicas: Int?)
        case create(CanaryGroup)
        case delete(CanaryGroup)
        case setCanary(KnobValue)
        /// The change comes to all replicas but those of the control group.
        case setAll
        /// Change, mark and partition at once.
        case split
        /// The partition goes, with the mark where the change goes too.
        case join(isBack: Bool)
    }

    enum Verb: Sendable {
        case prepare(CanaryOrder)
        case apply(CanaryOrder)
        case promote(CanaryOrder)
        case remove(UUID?)

        var order: CanaryOrder? {
            switch self {
            case .prepare(let order), .apply(let order), .promote(let order): order
            case .remove: nil
            }
        }
    }

    var form = Form.objects
    var mark: CanaryMark?
    /// Replicas of the target as the controllers left them.
    var replicasLeft = 0
    var groups: [CanaryGroup: Group] = [:]
    /// What the replicas below the partition keep; `nil` where there is none.
    var kept: KnobValue?
}

extension CanaryMark {
    var beside: Int { replicas - 2 * podsPerGroup }
}

extension WorldTarget.State {
    /// What most replicas run with.
    var valueOfRest: KnobValue? { canary.kept ?? values["slots"] }

    // MARK: Status

    func canaryStatus(at now: Timestamp) -> CanaryStatus {
        var status = CanaryStatus(mark: canary.mark, rollout: canaryRollout(at: now))
        let isTargetReady = now >= rolloutEnds && !rolloutFails
        if let mark = canary.mark, canary.form == .partition {
            let isSplit = mark.stage == .applied
            status.canary = pods("canary", mark.podsPerGroup, isTargetReady, fails: rolloutFails)
            status.control = pods("control", mark.podsPerGroup, isSplit || isTargetReady, fails: !isSplit && rolloutFails)
            status.rest = pods("rest", max(0, replicas - 2 * mark.podsPerGroup), isSplit || isTargetReady, fails: false)
        } else {
            for (group, found) in canary.groups {
                let pods = pods(group.rawValue, found.mark.podsPerGroup, now >= found.readyAt && !found.fails, fails: found.fails)
                if group == .canary { status.canary = pods } else { status.control = pods }
            }
            status.rest = pods("rest", replicas, isTargetReady, fails: rolloutFails)
        }
        let forgotten = canary.mark == nil && canary.kept != nil ? ["partition"] : []
        status.orphans = forgotten + canary.groups.filter { canary.mark?.experiment != $1.mark.experiment }.map(\.key.rawValue).sorted()
        status.interference = interference
        return status
    }

    private func pods(_ name: String, _ count: Int, _ isReady: Bool, fails: Bool) -> [CanaryPod] {
        (0..<count).map { index in
            CanaryPod(
                name: "\(name)-\(index)", address: nil, node: "node-\(name)-\(index)", isReady: isReady, isCurrent: true,
                trouble: fails ? "CrashLoopBackOff" : nil)
        }
    }

    private func canaryRollout(at now: Timestamp) -> TargetObservation.Rollout {
        guard let mark = canary.mark else {
            return canary.groups.isEmpty ? rollout(at: now) : .progressing("groups are left of no canary")
        }
        guard canary.form == .objects else { return rollout(at: now) }
        if mark.stage == .removing { return .progressing("the groups go") }
        for group in CanaryGroup.allCases {
            guard let found = canary.groups[group] else { return .progressing("the \(group.rawValue) group is not made yet") }
            if found.fails { return .failed("the \(group.rawValue) group crashes") }
            if now < found.readyAt { return .progressing("the \(group.rawValue) group starts") }
        }
        if canary.replicasLeft != mark.beside { return .progressing("the target has not given its replicas away") }
        if mark.stage == .applied, canary.groups[.canary]?.value.isSame(as: mark.to) != true { return .progressing("not sent yet") }
        if mark.stage == .promoted, values["slots"]?.isSame(as: mark.to) != true { return .progressing("not sent yet") }
        return rollout(at: now)
    }

    func rollout(at now: Timestamp) -> TargetObservation.Rollout {
        if rolloutFails { return .failed("a container restarts again and again") }
        return now < rolloutEnds ? .progressing("1 of 2 pods updated") : .settled
    }

    var interference: String? {
        guard let mark = canary.mark, mark.stage != .removing else { return nil }
        if replicas != canary.replicasLeft { return "somebody scaled the target" }
        if let value = values["slots"] {
            let isSet = mark.stage == .promoted || canary.form == .partition && mark.stage == .applied
            let expected = isSet ? (canary.form == .objects ? [mark.from, mark.to] : [mark.to]) : [mark.from]
            if !expected.contains(where: value.isSame) { return "somebody set the value" }
        }
        guard canary.form == .objects else {
            return (canary.kept != nil) == (mark.stage == .applied) ? nil : "somebody moved the partition"
        }
        for group in CanaryGroup.allCases {
            if let found = canary.groups[group], found.mark.experiment == mark.experiment {
                if found.isChanged { return "somebody changed the \(group.rawValue) group" }
            } else if canary.replicasLeft != mark.replicas {
                return "somebody deleted the \(group.rawValue) group"
            }
        }
        return nil
    }

    // MARK: What comes next

    /// The next write towards what is asked; `nil` where nothing is to be done now.
    func nextStep(_ verb: WorldGroups.Verb, at now: Timestamp) throws(AdjusterError) -> WorldGroups.Step? {
        switch verb {
        case .prepare(let order):
            guard canary.mark != nil else {
                try rehearse(order, at: now)
                return .mark(CanaryMark(order, replicas: replicas), replicas: nil)
            }
            let mark = try mark(of: order)
            guard mark.stage == .prepared, canary.form == .objects else { return nil }
            for group in [CanaryGroup.control, .canary] {
                guard let found = canary.groups[group] else { return .create(group) }
                if found.mark.experiment != mark.experiment { return .delete(group) }
            }
            let areReady = canary.groups.values.allSatisfy { now >= $0.readyAt && !$0.fails }
            return areReady && canary.replicasLeft != mark.beside ? .mark(mark, replicas: mark.beside) : nil
        case .apply(let order):
            var mark = try mark(of: order)
            if canary.form == .partition { return mark.stage == .prepared ? .split : nil }
            if mark.stage == .applied { return canary.groups[.canary]?.value.isSame(as: mark.to) == false ? .setCanary(mark.to) : nil }
            guard mark.stage == .prepared else { return nil }
            guard canary.replicasLeft == mark.beside else { throw .conflict("the groups are not made yet") }
            mark.stage = .applied
            return .mark(mark, replicas: nil)
        case .promote(let order):
            var mark = try mark(of: order)
            if mark.stage == .prepared { throw .conflict("not tried yet") }
            if mark.stage == .promoted {
                return canary.form == .objects && values["slots"]?.isSame(as: mark.to) != true ? .setAll : nil
            }
            if canary.form == .partition { return .join(isBack: false) }
            mark.stage = .promoted
            mark.keepsChange = true
            return .mark(mark, replicas: nil)
        case .remove(let experiment): return stepAway(experiment)
        }
    }

    func rehearse(_ order: CanaryOrder, at now: Timestamp) throws(AdjusterError) {
        guard let most = CanaryOrder.podsPerGroup(of: replicas), order.podsPerGroup <= most else { throw .refused("too few replicas") }
        guard canary.mark == nil || canary.mark?.experiment == order.change.adjustment else { throw .conflict("another canary") }
        if canary.mark == nil, !canary.groups.isEmpty { throw .conflict("groups are left of another canary") }
        if canary.form == .partition, canary.mark == nil, canary.kept != nil { throw .refused("there is a partition already") }
        if let mark, mark.adjustment != order.change.adjustment { throw .conflict("another adjustment is not finished") }
        guard rollout(at: now) == .settled else { throw .conflict("the rollout is not done") }
        guard values["slots"]?.isSame(as: order.change.from) == true else {
            throw .changedByAnother(found: values["slots"], "somebody set the value")
        }
    }

    private func mark(of order: CanaryOrder) throws(AdjusterError) -> CanaryMark {
        guard let mark = canary.mark else { throw .conflict("it has to be prepared first") }
        guard mark.experiment == order.change.adjustment else { throw .conflict("another canary is not finished") }
        if mark.stage == .removing { throw .changedByAnother(found: nil, "it is being taken away") }
        if let interference { throw .changedByAnother(found: nil, interference) }
        return mark
    }

    private func stepAway(_ experiment: UUID?) -> WorldGroups.Step? {
        if let mark = canary.mark, experiment == nil || mark.experiment == experiment {
            guard canary.form == .objects else {
                let isOurs = self.mark?.adjustment == mark.experiment && values["slots"]?.isSame(as: mark.to) == true
                return .join(isBack: !mark.keepsChange && isOurs)
            }
            return goOn(mark)
        }
        if canary.mark == nil, canary.kept != nil {
            return .join(isBack: mark.flatMap { values["slots"]?.isSame(as: $0.to) } ?? false)
        }
        if canary.mark == nil, let mark = canary.groups[.canary]?.mark, canary.groups[.control]?.mark.experiment == mark.experiment {
            var removing = mark
            removing.stage = .removing
            return .mark(removing, replicas: replicas == mark.beside ? mark.replicas : nil)
        }
        let stray = CanaryGroup.allCases.first { canary.groups[$0].map { $0.mark.experiment != canary.mark?.experiment } ?? false }
        return stray.map { .delete($0) }
    }

    private func goOn(_ mark: CanaryMark) -> WorldGroups.Step {
        guard mark.stage == .removing else {
            var removing = mark
            removing.stage = .removing
            return .mark(removing, replicas: replicas == canary.replicasLeft ? mark.replicas : nil)
        }
        for group in CanaryGroup.allCases where canary.groups[group] != nil { return .delete(group) }
        return .mark(nil, replicas: nil)
    }
}

extension CanaryMark {
    init(_ order: CanaryOrder, replicas: Int) {
        let change = order.change
        self.init(
            experiment: change.adjustment, policy: change.policy, knob: change.knob.name, from: change.from, to: change.to,
            podsPerGroup: order.podsPerGroup, replicas: replicas)
    }
}
