public import Control
import Documents
import FoundationEssentials
import Learning
import Policies

extension KubernetesCanary {
    func context(_ live: LiveCanary, of change: ChangeOrder?, fence: FencingToken) -> CanaryContext {
        CanaryContext(live: live, writer: adjuster.writer, fence: fence, knobs: adjuster.knobs.with(change?.knob), change: change)
    }

    /// The target, its groups and all their pods. The target is read last: what it says of groups and replicas is never older than they are.
    func read() async throws(AdjusterError) -> LiveCanary {
        let target = adjuster.target
        let isDeployment = target.group == "apps" && target.kind == "Deployment"
        let groups =
            isDeployment ? try await adjuster.list(CanaryGroup.collection(of: target), ObjectSelection(labels: CanaryGroup.label)) : []
        let main = LiveTarget(try await adjuster.get(adjuster.writer.path))
        return LiveCanary(main: main, groups: groups, pods: try await adjuster.selectedPods(of: main), of: target)
    }

    /// Budgets that say how many pods may be missing; none where the cluster has no such type.
    func budgets() async throws(AdjusterError) -> [DocumentValue] {
        try await adjuster.listIfServed("policy", "v1", "namespaces/\(adjuster.target.namespace)/poddisruptionbudgets")
    }

    // MARK: Status

    public func status(of change: ChangeOrder?) async throws(AdjusterError) -> CanaryStatus {
        let live = try await read()
        let knob = adjuster.knobs.with(change?.knob).first { $0.name == live.record?.mark.knob }
        if live.target.isBeingDeleted { throw .gone("\(live.title) is being deleted, and the groups of its canary with it") }
        var status = CanaryStatus(mark: live.record?.mark, rollout: CanaryProgress(live: live, knob: knob).rollout)
        status.canary = pods(live, .canary)
        status.control = pods(live, .control)
        status.rest = pods(live, nil)
        status.orphans = live.groups.values.filter { !live.isMarked || !live.isOurs($0) }
            .map { $0.objectTitle(ofKind: "Deployment") }.sorted()
        if live.hasForgottenPartition { status.orphans.append(live.forgottenPartition) }
        if let record = live.record {
            status.interference = CanaryInterference(live: live, record: record, knob: knob).sentence
        }
        return status
    }

    private func pods(_ live: LiveCanary, _ group: CanaryGroup?) -> [CanaryPod] {
        live.livingPods(group).map { CanaryPod($0, isCurrent: live.isCurrent($0, of: group)) }.sorted { $0.name < $1.name }
    }
}

extension CanaryPod {
    fileprivate init(_ pod: DocumentValue, isCurrent: Bool) {
        self.init(
            name: pod.foreignText("metadata", "name"), address: pod.text("status", "podIP").flatMap { Self.isAddress($0) ? $0 : nil },
            node: pod.text("spec", "nodeName") == nil ? nil : pod.foreignText("spec", "nodeName"), isReady: pod.isReadyPod,
            isCurrent: isCurrent, trouble: PodTrouble.failure(of: pod) ?? PodTrouble.unschedulable(pod))
        let containers = pod["status"]?["containerStatuses"]?.elements ?? []
        guard !containers.isEmpty else { return }
        restarts = Int(clamping: containers.reduce(Int64(0)) { $0 + min(1_000_000, max(0, $1.integer("restartCount") ?? 0)) })
        wasKilledForMemory = containers.contains { container in
            [container["state"], container["lastState"]].contains { $0?["terminated"]?.text("reason") == "OOMKilled" }
        }
    }

    /// Digits, dots and colons: nothing that leads a URL elsewhere.
    private static func isAddress(_ text: String) -> Bool {
        (2...45).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte) || byte == 0x2E || byte == 0x3A
            }
    }
}

extension LiveCanary {
    /// Whether a pod runs what its group is to run.
    func isCurrent(_ pod: DocumentValue, of group: CanaryGroup?) -> Bool {
        if isDeployment {
            let object = group.flatMap { groups[$0] } ?? target
            if let template = object["spec"]?["template"], PodTemplateFit.isPod(pod, of: template) { return true }
            // Pods that admission has changed fit no template; what the controller says of them counts when it has seen the template.
            guard object.isObserved else { return false }
            let current = RolloutAssessment(object, pods: livingPods(group)).current
            return current.contains { $0.text("metadata", "name") == pod.text("metadata", "name") }
        }
        let revision = pod.label("controller-revision-hash")
        let isSplit = record?.mark.stage == .applied && group != .canary
        return revision == nil || revision == target.text("status", isSplit ? "currentRevision" : "updateRevision")
    }
}

/// Reads how far a target has got with the stage of its canary.
struct CanaryProgress {
    let live: LiveCanary
    let knob: Knob?

    var rollout: TargetObservation.Rollout {
        guard live.isMarked, let mark = live.record?.mark else {
            if live.hasForgottenPartition { return .progressing("\(live.forgottenPartition) belongs to no canary that goes on") }
            let left = live.groups.values.map { $0.objectTitle(ofKind: "Deployment") }.sorted()
            return left.isEmpty ? live.rolloutOfTarget : .progressing("\(left.joined(separator: ", ")) belongs to no canary that goes on")
        }
        return live.isDeployment ? ofGroups(mark) : ofPartition(mark)
    }

    private var title: String { live.title }

    private func ofGroups(_ mark: CanaryMark) -> TargetObservation.Rollout {
        if mark.stage == .removing {
            let left = live.groups.values.map { $0.objectTitle(ofKind: "Deployment") }.sorted()
            if left.isEmpty { return .progressing("the mark is still on \(title)") }
            return .progressing(
                "\(left.joined(separator: ", ")) is still there\(live.whatHoldsGroups); "
                    + "\(live.available) of \(live.replicas) pods of \(title) are available")
        }
        for group in CanaryGroup.allCases {
            guard let found = live.standing(group) else { return .progressing("the \(group.rawValue) group of \(title) is not made yet") }
            let rollout = live.rollout(of: found, group)
            if rollout != .settled { return rollout }
        }
        if let record = live.record, record.replicasLeft != record.replicasBeside {
            return .progressing(
                "\(title) has \(record.replicasLeft) replicas, and \(record.replicasBeside) are to be left beside its groups")
        }
        if mark.stage == .applied, let canary = live.groups[.canary], !holds(mark.to, LiveTarget(canary)) {
            return .progressing("the change has not been sent to the canary group of \(title) yet")
        }
        if mark.stage == .promoted, !holds(mark.to, live.main) { return .progressing("the change has not been sent to \(title) yet") }
        return live.rolloutOfTarget
    }

    private func ofPartition(_ mark: CanaryMark) -> TargetObservation.Rollout {
        if mark.stage != .prepared, !holds(mark.to, live.main) { return .progressing("the change has not been sent to \(title) yet") }
        return live.rolloutOfTarget
    }

    private func holds(_ value: KnobValue, _ object: LiveTarget) -> Bool {
        guard let knob else { return true }  // Nobody knows where it would stand.
        return object.stated(knob)?.value.isSame(as: value) ?? false
    }
}
