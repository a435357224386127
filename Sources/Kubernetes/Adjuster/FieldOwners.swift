import Documents
import Policies

/// Who manages the fields of an object, as the API server keeps it in `metadata.managedFields`.
struct FieldOwners {
    private let entries: [DocumentValue]

    init(_ object: DocumentValue) { entries = object["metadata"]?["managedFields"]?.elements ?? [] }

    /// The tool that will set a knob again after we have changed it, e.g. `argocd-controller`; `nil` where none is known.
    ///
    /// Whoever applies a field (server-side apply) states it again the next time; tools that keep a cluster like a repository do so all the
    /// time, some of them by plain updates.
    func reverter(of path: [String]) -> String? {
        let others = entries.filter { $0.text("manager") != KubernetesAdjuster.fieldManager && $0.text("subresource") == nil }
        let owner = others.first { entry in
            let isReverter = entry.text("operation") == "Apply" || Self.isRepositoryTool(entry.text("manager") ?? "")
            return isReverter && Self.owns(entry["fieldsV1"], path)
        }
        return owner?.foreignText("manager")
    }

    /// Somebody else who has set fields below a member of an object that only this controller writes to; `nil` where nobody has, or the
    /// API server does not tell.
    func stranger(in member: String) -> String? {
        entries.first { $0.text("manager") != KubernetesAdjuster.fieldManager && $0["fieldsV1"]?[member] != nil }?.foreignText("manager")
    }

    /// Whether this controller set a field last, and nobody claims it besides; not where the API server does not tell.
    func isOursAlone(_ path: [String]) -> Bool {
        // Who made the member around a field is still named as its owner, without what others have set in it since.
        let owners = entries.filter { entry in
            path.reduce(entry["fieldsV1"]) { fields, part in fields?[part] } != nil
        }
        return !owners.isEmpty && owners.allSatisfy { $0.text("manager") == KubernetesAdjuster.fieldManager }
    }

    private static func isRepositoryTool(_ manager: String) -> Bool {
        ["argocd", "flux", "kustomize-controller", "helm", "gitops"].contains { manager.lowercased().contains($0) }
    }

    /// A set of fields owns what it names, and all that is below where it names nothing deeper.
    private static func owns(_ fields: DocumentValue?, _ path: [String]) -> Bool {
        guard var fields else { return false }
        for part in path {
            guard let next = fields[part] else { return false }
            if next.members.isEmpty { return true }
            fields = next
        }
        return true
    }
}

extension Knob.Place {
    /// The paths a knob's fields have in `managedFields` of the object that holds them.
    var managedPaths: [[String]] {
        switch self {
        case .replicas: [["f:spec", "f:replicas"]]
        case .containerArgument(let name, _): ["f:args", "f:command"].map { Self.container(name) + [$0] }
        case .environment(let name, let variable): [Self.container(name) + ["f:env", Self.key(variable)]]
        case .resource(let name, let resource):
            ["f:limits", "f:requests"].map { Self.container(name) + ["f:resources", $0, "f:\(resource)"] }
        case .configMapKey(_, let key): [["f:data", "f:\(key)"]]
        case .parameter: []
        case .field(let pointer): [pointer.split(separator: "/").map { "f:" + $0.replacing("~1", with: "/").replacing("~0", with: "~") }]
        }
    }

    private static func container(_ name: String) -> [String] {
        ["f:spec", "f:template", "f:spec", "f:containers", key(name)]
    }

    private static func key(_ name: String) -> String { "k:" + DocumentValue.members(["name": .string(name)]).json }
}
