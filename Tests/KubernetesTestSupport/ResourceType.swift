/// A kind of objects that the server keeps.
public struct ResourceType: Sendable, Hashable {
    /// Where the fields of a `Scale` stand in the object.
    public struct ScalePaths: Sendable, Hashable {
        public var specReplicas: [String]
        public var statusReplicas: [String]
        /// A selector in text form; `nil` where it is to be made of `spec.selector`.
        public var labelSelector: [String]?

        public init(
            specReplicas: [String] = ["spec", "replicas"], statusReplicas: [String] = ["status", "replicas"],
            labelSelector: [String]? = nil
        ) {
            self.specReplicas = specReplicas
            self.statusReplicas = statusReplicas
            self.labelSelector = labelSelector
        }
    }

    /// Empty for the core group.
    public var group: String
    public var version: String
    public var plural: String
    public var kind: String
    public var isNamespaced: Bool
    /// Custom resources have no strategic merge patch, and a PUT of one needs a resourceVersion.
    public var isCustom: Bool
    public var hasStatus: Bool
    public var scale: ScalePaths?
    /// Whether `metadata.generation` counts the changes.
    public var hasGeneration: Bool
    /// `openAPIV3Schema` of a custom resource; without one nothing is pruned, defaulted or checked.
    public var schema: JSONValue?
    var semantics: ListSemantics

    public init(
        group: String, version: String, plural: String, kind: String, isNamespaced: Bool = true, isCustom: Bool = true,
        hasStatus: Bool = true, scale: ScalePaths? = nil, hasGeneration: Bool = true, schema: JSONValue? = nil
    ) {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        self.isNamespaced = isNamespaced
        self.isCustom = isCustom
        self.hasStatus = hasStatus
        self.scale = scale
        self.hasGeneration = hasGeneration
        self.schema = schema
        semantics =
            if let schema { ListSemantics(schema: schema) } else if isCustom { ListSemantics(mapKeys: ["conditions": ["type"]]) } else {
                .builtIn
            }
        semantics.mapKeys["ownerReferences"] = ["uid"]
        semantics.sets.insert("finalizers")
    }

    public var apiVersion: String { group.isEmpty ? version : group + "/" + version }
    /// "deployments.apps"
    var qualifiedPlural: String { group.isEmpty ? plural : plural + "." + group }
    var singular: String { kind.lowercased() }
    /// Both kinds of events are the same objects.
    var storage: String { plural == "events" ? "events" : qualifiedPlural }
    /// "/apis/apps/v1/namespaces/tr/deployments"
    public func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
        let root = group.isEmpty ? "/api/" + version : "/apis/" + group + "/" + version
        let scope = namespace.map { "/namespaces/" + $0 } ?? ""
        return root + scope + "/" + plural + (name.map { "/" + $0 } ?? "") + (subresource.map { "/" + $0 } ?? "")
    }
}

extension ResourceType {
    private static func builtIn(
        _ group: String, _ version: String, _ plural: String, _ kind: String, namespaced: Bool = true, status: Bool = false,
        scale: ScalePaths? = nil, generation: Bool = false
    ) -> ResourceType {
        ResourceType(
            group: group, version: version, plural: plural, kind: kind, isNamespaced: namespaced, isCustom: false, hasStatus: status,
            scale: scale, hasGeneration: generation)
    }

    public static let namespaces = builtIn("", "v1", "namespaces", "Namespace", namespaced: false, status: true)
    public static let configMaps = builtIn("", "v1", "configmaps", "ConfigMap")
    public static let pods = builtIn("", "v1", "pods", "Pod", status: true, generation: true)
    public static let nodes = builtIn("", "v1", "nodes", "Node", namespaced: false, status: true)
    public static let coreEvents = builtIn("", "v1", "events", "Event")
    public static let events = builtIn("events.k8s.io", "v1", "events", "Event")
    public static let deployments = builtIn(
        "apps", "v1", "deployments", "Deployment", status: true, scale: ScalePaths(), generation: true)
    public static let statefulSets = builtIn(
        "apps", "v1", "statefulsets", "StatefulSet", status: true, scale: ScalePaths(), generation: true)
    public static let leases = builtIn("coordination.k8s.io", "v1", "leases", "Lease")
    public static let autoscalers = builtIn(
        "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", status: true)
    public static let customResourceDefinitions = builtIn(
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false, status: true,
        generation: true)
    public static let scaledObjects = ResourceType(group: "keda.sh", version: "v1alpha1", plural: "scaledobjects", kind: "ScaledObject")
    public static let verticalAutoscalers = ResourceType(
        group: "autoscaling.k8s.io", version: "v1", plural: "verticalpodautoscalers", kind: "VerticalPodAutoscaler")
    public static let optimizationPolicies = ResourceType(
        group: "llm-devops.io", version: "v1alpha1", plural: "optimizationpolicies", kind: "OptimizationPolicy")

    /// What a ``FakeCluster`` knows from its start.
    public static let standard: [ResourceType] = [
        namespaces, configMaps, pods, nodes, coreEvents, events, deployments, statefulSets, leases, autoscalers,
        customResourceDefinitions, scaledObjects, verticalAutoscalers, optimizationPolicies,
    ]

    /// The type that a CustomResourceDefinition's first served version describes; `nil` where it lacks a name.
    init?(definition: JSONValue) {
        guard let group = definition["spec", "group"]?.text, let plural = definition["spec", "names", "plural"]?.text,
            let kind = definition["spec", "names", "kind"]?.text,
            let version = definition["spec", "versions"]?.elements.first(where: { $0["served"] == true }), let name = version["name"]?.text
        else { return nil }
        let scale = version["subresources", "scale"].map { scale in
            ScalePaths(
                specReplicas: Self.path(scale["specReplicasPath"]), statusReplicas: Self.path(scale["statusReplicasPath"]),
                labelSelector: scale["labelSelectorPath"].map(Self.path))
        }
        self.init(
            group: group, version: name, plural: plural, kind: kind, isNamespaced: definition["spec", "scope"] == "Namespaced",
            hasStatus: version["subresources", "status"] != nil, scale: scale, schema: version["schema", "openAPIV3Schema"])
    }

    private static func path(_ value: JSONValue?) -> [String] { (value?.text ?? "").split(separator: ".").map(String.init) }
}
