import KubernetesTestSupport

/// Compares what the fake answered with what was recorded, but for opaque values, and learns which of those stand for which.
struct BodyComparison {
    var opaque: OpaqueValues
    /// Whether the status of a Deployment, which its controller wrote in its own time, is compared.
    let comparesRollout: Bool
    private(set) var differences: [String] = []

    init(opaque: OpaqueValues, comparesRollout: Bool) {
        self.opaque = opaque
        self.comparesRollout = comparesRollout
    }

    mutating func compare(_ recorded: JSONValue?, _ own: JSONValue?, _ path: String = "") {
        switch (recorded, own) {
        case (.object(let left)?, .object(let right)?): compareObjects(left, right, path)
        case (.array(let left)?, .array(let right)?):
            if path.hasSuffix(".managedFields") { return compareOwners(left, right, path) }
            if path.hasSuffix(".conditions") { return compareConditions(left, right, path) }
            guard left.count == right.count else { return differ(path, "\(left.count) elements", "\(right.count) elements") }
            for (index, pair) in zip(left, right).enumerated() { compare(pair.0, pair.1, "\(path)[\(index)]") }
        case (.string(let left)?, .string(let right)?): compareTexts(left, right, path)
        default: if recorded != own { differ(path, recorded?.json ?? "absent", own?.json ?? "absent") }
        }
    }

    private mutating func differ(_ path: String, _ recorded: String, _ own: String) {
        differences.append("\(path): recorded \(recorded.prefix(300)), here \(own.prefix(300))")
    }

    private mutating func compareObjects(_ left: [String: JSONValue], _ right: [String: JSONValue], _ path: String) {
        let isDeployment = left["kind"] == "Deployment"
        for key in Set(left.keys).union(right.keys).sorted() {
            if isDeployment && key == "status" && !comparesRollout { continue }
            if key == "resourceVersion" && left["uid"] != nil {
                compareRevisions(left[key]?.text, right[key]?.text, path)
            } else if ["uid", "continue"].contains(key) || (key == "name" && left["generateName"] != nil) {
                learn(left[key], right[key], path + "." + key)
            } else if key != "resourceVersion" {
                compare(left[key], right[key], path + "." + key)
            } else if let text = left[key]?.text, let own = right[key]?.text, opaque["rv" + text] == nil {
                opaque["rv" + text] = own
            }
        }
    }

    /// The same recorded revision of objects is always the same one here: what is not changed keeps its own.
    private mutating func compareRevisions(_ recorded: String?, _ own: String?, _ path: String) {
        guard let recorded, let own else {
            if recorded != own { differ(path + ".resourceVersion", recorded ?? "absent", own ?? "absent") }
            return
        }
        if let known = opaque["rv" + recorded], known != own, comparesRollout {
            differ(path + ".resourceVersion", "as before (\(known))", own)
        }
        opaque["rv" + recorded] = own
    }

    private mutating func learn(_ recorded: JSONValue?, _ own: JSONValue?, _ path: String) {
        guard let left = recorded?.text, let right = own?.text else {
            if recorded != own { differ(path, recorded?.json ?? "absent", own?.json ?? "absent") }
            return
        }
        if let known = opaque[left], known != right { differ(path, "\(left), here \(known) so far", right) }
        opaque[left] = right
    }

    private mutating func compareTexts(_ recorded: String, _ own: String, _ path: String) {
        if recorded == own || opaque[recorded] == own { return }
        let isTime = Self.isTime(recorded) && Self.isTime(own) && recorded.count == own.count
        if isTime || Self.withoutNumbers(recorded) == Self.withoutNumbers(own) { return }
        differ(path, recorded, own)
    }

    private static func isTime(_ text: String) -> Bool {
        text.count >= 20 && text.last == "Z" && text.dropFirst(10).first == "T" && text.prefix(4).allSatisfy(\.isNumber)
    }

    /// Hashes, uids and revisions, which differ from cluster to cluster, are taken out of messages.
    private static func withoutNumbers(_ text: String) -> String {
        text.replacing(/[0-9a-f]{8}-[0-9a-f-]{27}/, with: "#").replacing(/[0-9a-f]{8,10}/, with: "#").replacing(/[0-9]{1,6}/, with: "#")
    }

    private mutating func compareConditions(_ left: [JSONValue], _ right: [JSONValue], _ path: String) {
        let (recorded, own) = (byType(left), byType(right))
        for type in Set(recorded.keys).union(own.keys).sorted() { compare(recorded[type], own[type], "\(path)[\(type)]") }
    }

    private func byType(_ conditions: [JSONValue]) -> [String: JSONValue] {
        Dictionary(conditions.map { ($0["type"]?.text ?? "", $0) }, uniquingKeysWith: { _, last in last })
    }

    private mutating func compareOwners(_ left: [JSONValue], _ right: [JSONValue], _ path: String) {
        let (recorded, own) = (byManager(left), byManager(right))
        for manager in Set(recorded.keys).union(own.keys).sorted() {
            let isController = manager.contains("kube-controller-manager")
            if isController && !comparesRollout { continue }
            if recorded[manager] != own[manager] {
                differ("\(path)[\(manager)]", recorded[manager]?.json ?? "absent", own[manager]?.json ?? "absent")
            }
        }
    }

    private func byManager(_ entries: [JSONValue]) -> [String: JSONValue] {
        func text(_ entry: JSONValue, _ key: String) -> String { entry[key]?.text ?? "" }
        return Dictionary(
            entries.map { entry in
                (
                    "\(text(entry, "manager")) \(text(entry, "operation")) \(text(entry, "apiVersion")) \(text(entry, "subresource"))",
                    entry["fieldsV1"] ?? .null
                )
            }, uniquingKeysWith: { _, last in last })
    }
}
