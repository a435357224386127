import Documents

/// Applies strategic merge patches of pod templates and merge patches (RFC 7386) as an API server does; for tests.
///
/// Lists of containers and variables merge by `name`, `null` takes a member away, and what is empty afterwards is dropped.
enum MergeApplier {
    static func apply(_ body: String, to document: DocumentValue) throws -> DocumentValue {
        merged(document, try JSONDocument.parse(body))
    }

    private static func merged(_ old: DocumentValue, _ patch: DocumentValue) -> DocumentValue {
        switch (old, patch) {
        case (.object(let members), .object(let changes)):
            var result = members
            for change in changes { set(change, in: &result) }
            return .object(result)
        case (.array(let elements), .array(let changes)): return .array(changes.reduce(elements, entry))
        default: return patch
        }
    }

    private static func set(_ change: DocumentValue.Member, in members: inout [DocumentValue.Member]) {
        let index = members.firstIndex { $0.key == change.key }
        let value = merged(index.map { members[$0].value } ?? (change.value.members.isEmpty ? .null : .object([])), change.value)
        let isGone = value.isNull || value == .object([]) || value == .array([])
        if let index {
            if isGone { members.remove(at: index) } else { members[index] = .init(key: change.key, value: value) }
        } else if !isGone {
            members.append(.init(key: change.key, value: value))
        }
    }

    private static func entry(_ elements: [DocumentValue], _ change: DocumentValue) -> [DocumentValue] {
        var result = elements
        let index = elements.firstIndex { $0.text("name") == change.text("name") }
        if change.text("$patch") == "delete" {
            if let index { result.remove(at: index) }
        } else if let index {
            result[index] = merged(elements[index], change)
        } else {
            result.append(change)
        }
        return result
    }
}
