import Control
import Documents
import Policies

/// One of the two groups of a matched canary at a Deployment, each carried by a Deployment of its own.
///
/// Its pods bear every label of the target's, so that each Service, disruption budget and affinity that selects the target's pods selects
/// them too, and one label more. Its selector has that label as well, so it finds nothing of the target or of the other group. The target's
/// selector does find the group's ReplicaSets and pods, and cannot be changed; but a Deployment takes ReplicaSets over only where they have
/// no controller, and a ReplicaSet selects pods by `pod-template-hash` too, which the label more makes another one. That is why groups are
/// never deleted with `Orphan`.
enum CanaryGroup: String, CaseIterable {
    case canary, control

    /// The label of a group's Deployment and of its pods.
    static let label = "llm-devops.io/canary-group"

    func name(beside target: Policy.KubernetesTarget) -> String { "\(target.name)-\(rawValue)" }

    func path(beside target: Policy.KubernetesTarget) -> String { "\(Self.collection(of: target))/\(name(beside: target))" }

    static func collection(of target: Policy.KubernetesTarget) -> String {
        "/apis/apps/v1/namespaces/\(target.namespace)/deployments"
    }

    /// The group's Deployment with the target's settings, to be created.
    ///
    /// The labels of the target itself are not taken over: tools that keep a cluster like a repository know their objects by them, and would
    /// delete the group. The owner is not one that blocks, which would take a right to the target's finalizers.
    func deployment(beside live: LiveTarget, _ record: CanaryRecord, fence: FencingToken) -> DocumentValue {
        let target = live.object
        let own = DocumentValue.Member(key: Self.label, value: .string(rawValue))
        var annotations = [DocumentValue.Member(key: CanaryRecord.annotation, value: .string(record.text))]
        if fence != .unfenced { annotations.append(.init(key: TargetFence.annotation, value: .string("\(fence.rawValue)"))) }
        let owner = DocumentValue.members([
            "apiVersion": .string("apps/v1"), "kind": .string("Deployment"), "name": target["metadata"]?["name"] ?? .null,
            "uid": target["metadata"]?["uid"] ?? .null, "controller": .boolean(false), "blockOwnerDeletion": .boolean(false),
        ])
        let metadata = DocumentValue.members([
            "name": .string("\(target.text("metadata", "name") ?? "")-\(rawValue)"), "namespace": target["metadata"]?["namespace"] ?? .null,
            "labels": .object([own]), "annotations": .object(annotations), "ownerReferences": .array([owner]),
        ])
        return .members([
            "apiVersion": .string("apps/v1"), "kind": .string("Deployment"), "metadata": metadata,
            "spec": spec(target["spec"] ?? .object([]), own, pods: record.mark.podsPerGroup),
        ])
    }

    private func spec(_ spec: DocumentValue, _ own: DocumentValue.Member, pods: Int) -> DocumentValue {
        let selector = spec["selector"] ?? .object([])
        let template = spec["template"] ?? .object([])
        let metadata = template["metadata"] ?? .object([])
        func labelled(_ labels: DocumentValue?) -> DocumentValue { (labels ?? .object([])).setting(own.key, to: own.value) }
        let count = DocumentValue.integer(Int64(pods))
        var members: [DocumentValue.Member] = [
            .init(key: "replicas", value: count),
            .init(key: "selector", value: selector.setting("matchLabels", to: labelled(selector["matchLabels"]))),
            .init(
                key: "template",
                value: template.setting("metadata", to: metadata.setting("labels", to: labelled(metadata["labels"])))),
            // Old pods go before new ones come, all at once: they are of one age, and find room where they were, on the same nodes, of which
            // each has a speed of its own.
            .init(
                key: "strategy",
                value: .members([
                    "type": .string("RollingUpdate"),
                    "rollingUpdate": .members(["maxSurge": .integer(0), "maxUnavailable": count]),
                ])),
            .init(key: "revisionHistoryLimit", value: .integer(1)),
        ]
        for key in ["minReadySeconds", "progressDeadlineSeconds"] {
            if let value = spec[key] { members.append(.init(key: key, value: value)) }
        }
        return .object(members)
    }
}
