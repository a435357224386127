public import Documents
public import Policies

/// Autoscalers that set what a policy's knobs set.
public struct ForeignOwners: Sendable {
    private let target: Policy.KubernetesTarget
    private let owners: [Owner]

    /// - Parameters:
    ///   - autoscalers: HorizontalPodAutoscalers of the target's namespace.
    ///   - scaledObjects: KEDA's ScaledObjects; empty where there is no such type.
    ///   - verticalAutoscalers: VerticalPodAutoscalers; empty where there is no such type.
    public init(
        of target: Policy.KubernetesTarget, autoscalers: [DocumentValue], scaledObjects: [DocumentValue],
        verticalAutoscalers: [DocumentValue]
    ) {
        self.target = target
        // KEDA scales through a HorizontalPodAutoscaler of its own; who is to be asked is the ScaledObject.
        let own = autoscalers.filter { $0.controller(ofKind: "ScaledObject") == nil }
        owners =
            scaledObjects.filter { target.isNamed(by: $0["spec"]?["scaleTargetRef"], defaultKind: "Deployment") }
            .map { Owner(title: "ScaledObject \($0.placeName)", scope: .replicas) }
            + own.filter { target.isNamed(by: $0["spec"]?["scaleTargetRef"]) }
            .map { Owner(title: "HorizontalPodAutoscaler \($0.placeName)", scope: .replicas) }
            + verticalAutoscalers.filter { $0.isActive && target.isNamed(by: $0["spec"]?["targetRef"]) }
            .map { Owner(title: "VerticalPodAutoscaler \($0.placeName)", scope: .resources($0["spec"]?["resourcePolicy"])) }
            + Self.makers(of: target, autoscalers)
    }

    /// Who sets a knob, e.g. `HorizontalPodAutoscaler llm/chat-8b`; `nil` for nobody.
    public func owner(of knob: Knob) -> String? { owners.first { $0.owns(knob) }?.title }

    /// Knobs that others are in charge of, and who.
    public func owners(of knobs: [Knob]) -> [String: String] {
        Dictionary(knobs.compactMap { knob in owner(of: knob).map { (knob.name, $0) } }) { first, _ in first }
    }

    /// An autoscaler that sets anything of the target, e.g. `HorizontalPodAutoscaler llm/chat-8b`; `nil` for none.
    var anyone: String? { owners.first?.title }

    /// Where the target is itself an autoscaler that KEDA made, KEDA sets its bounds.
    private static func makers(of target: Policy.KubernetesTarget, _ autoscalers: [DocumentValue]) -> [Owner] {
        guard target.kind == "HorizontalPodAutoscaler" else { return [] }
        let same = autoscalers.first { $0.text("metadata", "name") == target.name }
        guard let maker = same?.controller(ofKind: "ScaledObject") else { return [] }
        return [Owner(title: "ScaledObject \(target.namespace)/\(maker)", scope: .everything)]
    }

    private struct Owner: Sendable {
        var title: String
        var scope: Scope

        enum Scope: Sendable {
            case replicas
            /// With a VerticalPodAutoscaler's policy for each container.
            case resources(DocumentValue?)
            case everything
        }

        func owns(_ knob: Knob) -> Bool {
            switch (scope, knob.place) {
            case (.everything, _), (.replicas, .replicas), (.replicas, .field("/spec/replicas")): true
            case (.resources(let policy), .resource(let container, let resource)): Self.sets(resource, of: container, policy)
            default: false
            }
        }

        /// By default every container's cpu and memory; a policy for the container, or for `*`, may say otherwise.
        private static func sets(_ resource: String, of container: String, _ policy: DocumentValue?) -> Bool {
            let policies = policy?["containerPolicies"]?.elements ?? []
            let own = policies.first { $0.text("containerName") == container } ?? policies.first { $0.text("containerName") == "*" }
            if own?.text("mode") == "Off" { return false }
            let controlled = own?["controlledResources"]?.elements.compactMap(\.text) ?? ["cpu", "memory"]
            return controlled.contains(resource)
        }
    }
}

extension Policy.KubernetesTarget {
    /// Whether a reference such as `scaleTargetRef` means this target. Versions of one group are one kind.
    fileprivate func isNamed(by reference: DocumentValue?, defaultKind: String? = nil) -> Bool {
        guard let reference, reference.text("name") == name, (reference.text("kind") ?? defaultKind) == kind else { return false }
        guard let version = reference.text("apiVersion") else { return true }
        return Self.group(version) == group
    }

    /// The API group; empty for the core group.
    var group: String { Self.group(apiVersion) }

    private static func group(_ apiVersion: String) -> String {
        apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : ""
    }
}

extension DocumentValue {
    fileprivate var placeName: String { "\(foreignText("metadata", "namespace"))/\(foreignText("metadata", "name"))" }

    /// Whether a VerticalPodAutoscaler changes pods rather than only recommending.
    fileprivate var isActive: Bool { text("spec", "updatePolicy", "updateMode") != "Off" }

    /// The name of the object of a kind that made this one.
    fileprivate func controller(ofKind kind: String) -> String? {
        self["metadata"]?["ownerReferences"]?.elements.first { $0.text("kind") == kind }?.text("name")
    }
}
