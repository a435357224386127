/// Applies JSON merge patches (RFC 7386).
enum MergePatch {
    static func apply(_ patch: JSONValue, to value: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members = value.members
        for (key, change) in changes {
            members[key] = change == .null ? nil : apply(change, to: members[key] ?? .null)
        }
        return .object(members)
    }
}
