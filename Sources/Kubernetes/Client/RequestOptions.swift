public import Control
public import Documents

/// What the API server answered with success.
public struct KubernetesAnswer: Sendable, Hashable {
    /// The object, or the Status of a deletion.
    public var object: DocumentValue
    public var warnings: [APIWarning]

    public init(object: DocumentValue, warnings: [APIWarning] = []) {
        self.object = object
        self.warnings = warnings
    }
}

/// All pages of a list.
public struct KubernetesList: Sendable, Hashable {
    /// Their `kind` and `apiVersion` are absent in lists of the API server.
    public var items: [DocumentValue]
    /// Where a watch goes on.
    public var resourceVersion: String
    /// Whether all items are of one moment; not where a page had expired and the rest is newer.
    public var isConsistent: Bool
    public var warnings: [APIWarning]

    public init(items: [DocumentValue], resourceVersion: String, isConsistent: Bool = true, warnings: [APIWarning] = []) {
        self.items = items
        self.resourceVersion = resourceVersion
        self.isConsistent = isConsistent
        self.warnings = warnings
    }
}

/// Which objects a list or a watch is about; an empty one means all.
public struct ObjectSelection: Sendable, Hashable {
    /// E.g. `app=chat-8b,tier!=canary`.
    public var labels: String
    /// E.g. `metadata.name=chat-8b`.
    public var fields: String

    public init(labels: String = "", fields: String = "") {
        self.labels = labels
        self.fields = fields
    }

    var query: [QueryItem] {
        (labels.isEmpty ? [] : [("labelSelector", labels)]) + (fields.isEmpty ? [] : [("fieldSelector", fields)])
    }
}

/// How a write is to be made.
public struct WriteOptions: Sendable, Hashable {
    /// Under which name the written fields are owned; the API server demands one for ``PatchType/apply``.
    public var fieldManager: String?
    /// Everything is checked and nothing is stored.
    public var dryRun: Bool
    /// Takes fields that others own; for ``PatchType/apply`` only.
    public var force: Bool
    /// Refuses unknown fields instead of dropping them with a warning.
    public var strict: Bool

    public init(fieldManager: String? = "llm-auto-optimizer", dryRun: Bool = false, force: Bool = false, strict: Bool = false) {
        self.fieldManager = fieldManager
        self.dryRun = dryRun
        self.force = force
        self.strict = strict
    }

    func query(isApply: Bool = false) -> [QueryItem] {
        var items: [QueryItem] = []
        if let fieldManager { items.append(("fieldManager", fieldManager)) }
        if dryRun { items.append(("dryRun", "All")) }
        if force && isApply { items.append(("force", "true")) }
        if strict { items.append(("fieldValidation", "Strict")) }
        return items
    }
}

/// How the body of a patch is read.
public enum PatchType: String, Sendable, Hashable, CaseIterable {
    /// RFC 6902.
    case json = "application/json-patch+json"
    /// Kubernetes' own, which knows how lists merge; custom resources are answered with 415.
    case strategicMerge = "application/strategic-merge-patch+json"
    /// RFC 7386.
    case merge = "application/merge-patch+json"
    /// Server-side apply; JSON is YAML.
    case apply = "application/apply-patch+yaml"

    public init(_ type: PatchRequest.ContentType) {
        self =
            switch type {
            case .json: .json
            case .strategicMerge: .strategicMerge
            case .merge: .merge
            }
    }
}

/// What must hold of an object for it to be deleted; a failed one is answered with ``KubernetesError/Kind/conflict``.
public struct DeletePreconditions: Sendable, Hashable {
    public var uid: String?
    public var resourceVersion: String?

    public init(uid: String? = nil, resourceVersion: String? = nil) {
        self.uid = uid
        self.resourceVersion = resourceVersion
    }

    /// What becomes of objects that this one owns.
    public enum Propagation: String, Sendable, Hashable {
        case background = "Background"
        case foreground = "Foreground"
        case orphan = "Orphan"
    }

    func body(_ propagation: Propagation, dryRun: Bool) -> DocumentValue {
        let conditions = [("uid", uid), ("resourceVersion", resourceVersion)].compactMap { name, value in
            value.map { DocumentValue.Member(key: name, value: .string($0)) }
        }
        var members: [DocumentValue.Member] = [
            .init(key: "apiVersion", value: .string("v1")), .init(key: "kind", value: .string("DeleteOptions")),
            .init(key: "propagationPolicy", value: .string(propagation.rawValue)),
        ]
        if !conditions.isEmpty { members.append(.init(key: "preconditions", value: .object(conditions))) }
        if dryRun { members.append(.init(key: "dryRun", value: .array([.string("All")]))) }
        return .object(members)
    }
}

/// A right to ask for.
public struct AccessQuestion: Sendable, Hashable {
    /// `get`, `list`, `watch`, `create`, `update`, `patch` or `delete`.
    public var verb: String
    /// E.g. `apps`; empty for the core group.
    public var group: String
    /// In plural, e.g. `deployments`.
    public var resource: String
    /// E.g. `scale`; empty for the object itself.
    public var subresource: String
    /// Empty for cluster-wide resources and for all namespaces.
    public var namespace: String
    /// Empty for all names.
    public var name: String

    public init(verb: String, group: String, resource: String, subresource: String = "", namespace: String = "", name: String = "") {
        self.verb = verb
        self.group = group
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
    }

    var review: DocumentValue {
        let attributes: KeyValuePairs<String, String> = [
            "verb": verb, "group": group, "resource": resource, "subresource": subresource, "namespace": namespace, "name": name,
        ]
        let asked = attributes.filter { !$0.value.isEmpty }.map { DocumentValue.Member(key: $0.key, value: .string($0.value)) }
        return .members([
            "apiVersion": .string("authorization.k8s.io/v1"), "kind": .string("SelfSubjectAccessReview"),
            "spec": .members(["resourceAttributes": .object(asked)]),
        ])
    }
}

/// Whether a right is there, in the API server's words.
public struct AccessReview: Sendable, Hashable {
    public var isAllowed: Bool
    /// Which binding allows it, or why not; may be empty.
    public var reason: String

    public init(isAllowed: Bool, reason: String) {
        self.isAllowed = isAllowed
        self.reason = reason
    }
}
