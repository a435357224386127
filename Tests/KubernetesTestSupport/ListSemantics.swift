/// How the lists and maps of a resource's fields are merged, by the name of the field.
struct ListSemantics: Sendable, Hashable {
    /// Lists whose elements are told apart by these members; members with a default need not be given.
    var mapKeys: [String: [String]] = [:]
    /// Lists of scalars without duplicates.
    var sets: Set<String> = []
    /// Objects and maps that have one owner as a whole.
    var atomicObjects: Set<String> = []

    static let builtIn = ListSemantics(
        mapKeys: [
            "containers": ["name"], "initContainers": ["name"], "ephemeralContainers": ["name"], "volumes": ["name"], "env": ["name"],
            "imagePullSecrets": ["name"], "ports": ["containerPort", "protocol"], "volumeMounts": ["mountPath"],
            "volumeDevices": ["devicePath"], "conditions": ["type"], "ownerReferences": ["uid"], "hostAliases": ["ip"],
            "topologySpreadConstraints": ["topologyKey", "whenUnsatisfiable"], "podIPs": ["ip"],
        ],
        sets: ["finalizers"],
        atomicObjects: [
            "selector", "labelSelector", "involvedObject", "regarding", "nodeSelector", "fieldRef", "configMapKeyRef", "secretKeyRef",
            "scaleTargetRef", "resourceFieldRef",
        ])

    static let keyDefaults: [String: JSONValue] = ["protocol": "TCP"]

    /// The members that tell an element of a list apart from the others; `nil` where the element lacks one.
    func key(of element: JSONValue, in list: String) -> [String: JSONValue]? {
        guard let names = mapKeys[list], element.isObject else { return nil }
        var key: [String: JSONValue] = [:]
        for name in names {
            guard let value = element[name] ?? Self.keyDefaults[name] else { return nil }
            key[name] = value
        }
        return key
    }

    /// The semantics that a CustomResourceDefinition's schema states, wherever the field stands.
    init(schema: JSONValue) {
        collect(schema)
    }

    init(mapKeys: [String: [String]] = [:], sets: Set<String> = [], atomicObjects: Set<String> = []) {
        self.mapKeys = mapKeys
        self.sets = sets
        self.atomicObjects = atomicObjects
    }

    private mutating func collect(_ schema: JSONValue) {
        for (name, property) in schema["properties"]?.members ?? [:] {
            switch property["x-kubernetes-list-type"]?.text {
            case "map": mapKeys[name] = (property["x-kubernetes-list-map-keys"]?.elements ?? []).compactMap(\.text)
            case "set": sets.insert(name)
            default: break
            }
            if property["x-kubernetes-map-type"] == "atomic" { atomicObjects.insert(name) }
            collect(property)
            if let items = property["items"] { collect(items) }
        }
    }
}
