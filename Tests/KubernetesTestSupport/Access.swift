/// Who sends requests, as the server sees them.
public struct FakeUser: Sendable, Hashable {
    public var name: String
    /// What the user may do; `nil` for everything.
    public var rules: [AccessRule]?

    public init(_ name: String, rules: [AccessRule]?) {
        self.name = name
        self.rules = rules
    }

    public static let administrator = FakeUser("kubernetes-admin", rules: nil)
    public static let anonymous = FakeUser("system:anonymous", rules: [])
    static let controllerManager = FakeUser("system:kube-controller-manager", rules: nil)

    func may(_ verb: String, group: String, resource: String, namespace: String?, name: String?) -> Bool {
        guard let rules else { return true }
        return rules.contains { $0.allows(verb, group: group, resource: resource, namespace: namespace, name: name) }
    }
}

/// A rule as in a Role; `*` stands for everything.
public struct AccessRule: Sendable, Hashable {
    public var verbs: [String]
    public var group: String
    /// "deployments", "deployments/scale"
    public var resources: [String]
    /// `nil` for all namespaces.
    public var namespace: String?
    /// Empty for all names.
    public var names: [String]

    public init(_ verbs: [String], group: String, _ resources: [String], namespace: String? = nil, names: [String] = []) {
        self.verbs = verbs
        self.group = group
        self.resources = resources
        self.namespace = namespace
        self.names = names
    }

    func allows(_ verb: String, group: String, resource: String, namespace: String?, name: String?) -> Bool {
        (verbs.contains("*") || verbs.contains(verb)) && (self.group == "*" || self.group == group)
            && (resources.contains("*") || resources.contains(resource)) && (self.namespace == nil || self.namespace == namespace)
            && (names.isEmpty || names.contains(name ?? ""))
    }
}
