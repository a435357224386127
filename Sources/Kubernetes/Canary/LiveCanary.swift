import Control
import Documents
import FoundationEssentials
import Policies

/// A target with its groups and all their pods, as they were read.
struct LiveCanary {
    let main: LiveTarget
    /// Deployments that carry groups of this target, those on their way out too.
    let groups: [CanaryGroup: DocumentValue]
    /// Of the target and of its groups.
    let pods: [DocumentValue]
    /// What the target bears; without it, what its groups do.
    let record: CanaryRecord?
    /// Whether the target itself bears the record.
    let isMarked: Bool

    init(main: LiveTarget, groups: [DocumentValue], pods: [DocumentValue], of target: Policy.KubernetesTarget) {
        self.main = main
        self.pods = pods
        let known = groups.filter { CanaryRecord(on: $0) != nil || $0.isOwned(by: main.identity) }
        self.groups = Dictionary(
            CanaryGroup.allCases.compactMap { group in
                known.first { $0.text("metadata", "name") == group.name(beside: target) }.map { (group, $0) }
            }
        ) { first, _ in first }
        let own = CanaryRecord(on: main.object)
        isMarked = own != nil
        record = own ?? Self.orphaned(self.groups, main)
    }

    /// What groups tell of an experiment whose mark somebody took off the target. A single group tells nothing: a request that came late may
    /// have made it. The replicas are ours to give back only where they are as an experiment leaves them.
    private static func orphaned(_ groups: [CanaryGroup: DocumentValue], _ main: LiveTarget) -> CanaryRecord? {
        let owned = groups.values.filter { $0.isOwned(by: main.identity) }.compactMap(CanaryRecord.init)
        guard owned.count == CanaryGroup.allCases.count, var record = owned.first,
            owned.allSatisfy({ $0.mark.experiment == record.mark.experiment })
        else { return nil }
        record.mark.stage = .removing
        record.replicasLeft = record.replicasBeside
        return record
    }

    var target: DocumentValue { main.object }
    var title: String { target.objectTitle }
    var isDeployment: Bool { target.text("kind") == "Deployment" }
    /// An absent number is the API server's default.
    var replicas: Int { Int(clamping: target.integer("spec", "replicas") ?? 1) }
    var available: Int { Int(clamping: target.integer("status", "availableReplicas") ?? 0) }
    /// The ordinals of a StatefulSet begin here.
    var firstOrdinal: Int { Int(clamping: target.integer("spec", "ordinals", "start") ?? 0) }
    var partition: Int { Int(clamping: target.integer("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0) }

    /// Whether a StatefulSet has an update partition that this controller set, and no mark of a canary any more: somebody took it off. Who sets
    /// the partition otherwise owns it from then on.
    var hasForgottenPartition: Bool {
        !isDeployment && !isMarked && partition != 0 && FieldOwners(target).isOursAlone(Self.partitionPath)
    }

    /// For messages.
    var forgottenPartition: String { "the update partition \(partition) of \(title)" }

    private static let partitionPath = ["f:spec", "f:updateStrategy", "f:rollingUpdate", "f:partition"]

    /// Whether a group's Deployment belongs to the experiment of the record.
    func isOurs(_ group: DocumentValue) -> Bool {
        guard let record, let found = CanaryRecord(on: group) else { return false }
        return found.mark.experiment == record.mark.experiment
    }

    /// The groups of the experiment that are there and are to stay so.
    func standing(_ group: CanaryGroup) -> DocumentValue? {
        groups[group].flatMap { $0.isBeingDeleted || !isOurs($0) ? nil : $0 }
    }

    // MARK: Pods

    /// The pods of a group that are to run; without a group, those of the target in none.
    func livingPods(_ group: CanaryGroup?) -> [DocumentValue] {
        pods.filter { $0.isLiving && membership($0) == group }
    }

    private func membership(_ pod: DocumentValue) -> CanaryGroup? {
        if isDeployment { return pod.label(CanaryGroup.label).flatMap(CanaryGroup.init) }
        guard let record, let ordinal = ordinal(pod) else { return nil }
        let size = record.mark.podsPerGroup
        switch firstOrdinal + record.mark.replicas - ordinal {
        case 1...size: return .canary
        case (size + 1)...(2 * size): return .control
        default: return nil
        }
    }

    private func ordinal(_ pod: DocumentValue) -> Int? {
        guard let name = pod.text("metadata", "name"), let own = target.text("metadata", "name"), name.hasPrefix("\(own)-") else {
            return nil
        }
        return Int(name.dropFirst(own.count + 1))
    }

    /// How far a group's own Deployment has got.
    func rollout(of group: DocumentValue, _ kind: CanaryGroup) -> TargetObservation.Rollout {
        RolloutAssessment(group, pods: livingPods(kind)).rollout
    }

    var rolloutOfTarget: TargetObservation.Rollout {
        RolloutAssessment(target, pods: isDeployment ? livingPods(nil) : pods).rollout
    }

    /// What keeps groups that are being deleted from going, a clause; empty where nothing is seen to.
    var whatHoldsGroups: String {
        let leaving = groups.values.filter(\.isBeingDeleted)
        guard !leaving.isEmpty else { return "" }
        let names = Set(leaving.flatMap { $0["metadata"]?["finalizers"]?.elements ?? [] }.compactMap(\.text))
        // What the deletion itself sets goes when the pods have gone.
        let finalizers = names.subtracting(["foregroundDeletion"]).sorted().prefix(3).map { "finalizer \($0.prefix(100)) stands" }
        let pods = pods.filter { $0.isBeingDeleted && $0.label(CanaryGroup.label).flatMap(CanaryGroup.init) != nil }
        let stuck = pods.map { pod in
            let node = pod.text("spec", "nodeName") == nil ? "" : " on node \(pod.foreignText("spec", "nodeName"))"
            return "pod \(pod.foreignText("metadata", "name"))\(node) does not end"
        }
        let reasons = finalizers + stuck.sorted().prefix(3)
        return reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))"
    }

    var readyInGroups: Int {
        CanaryGroup.allCases.flatMap(livingPods).count(where: \.isReadyPod)
    }
}

extension DocumentValue {
    fileprivate func isOwned(by uid: String?) -> Bool {
        uid != nil && self["metadata"]?["ownerReferences"]?.elements.contains { $0.text("uid") == uid } == true
    }

    /// Whether a workload's controller has seen it as it is.
    var isObserved: Bool {
        (integer("status", "observedGeneration") ?? -1) >= (integer("metadata", "generation") ?? 0)
    }

    /// Whether a pod is ready to serve.
    var isReadyPod: Bool {
        isLiving && self["status"]?["conditions"]?.elements.contains { $0.text("type") == "Ready" && $0.text("status") == "True" } == true
    }
}
