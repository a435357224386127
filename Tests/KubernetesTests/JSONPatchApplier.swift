import Documents

/// Applies JSON patches (RFC 6902: test, add, replace, remove) as an API server does, whole or not at all; for tests.
enum JSONPatchApplier {
    struct Refused: Error {
        let operation: String
    }

    static func apply(_ body: String, to document: DocumentValue) throws -> DocumentValue {
        try JSONDocument.parse(body).elements.reduce(document) { document, operation in
            let path = (operation.text("path") ?? "").split(separator: "/").map {
                String($0).replacing("~1", with: "/").replacing("~0", with: "~")
            }
            return try apply(operation.text("op") ?? "", operation["value"], path[...], document)
        }
    }

    private static func apply(
        _ operation: String, _ value: DocumentValue?, _ path: ArraySlice<String>, _ node: DocumentValue
    ) throws -> DocumentValue {
        guard let key = path.first else { throw Refused(operation: operation) }
        let rest = path.dropFirst()
        if case .array(var elements) = node {
            if operation == "add", rest.isEmpty, key == "-" { return .array(elements + [value ?? .null]) }
            if operation == "add", rest.isEmpty, let index = Int(key), (0...elements.count).contains(index) {
                elements.insert(value ?? .null, at: index)
                return .array(elements)
            }
            guard let index = Int(key), elements.indices.contains(index) else { throw Refused(operation: operation) }
            if rest.isEmpty {
                switch operation {
                case "test": guard elements[index] == value else { throw Refused(operation: "test") }
                case "replace": elements[index] = value ?? .null
                case "remove": elements.remove(at: index)
                default: throw Refused(operation: operation)
                }
            } else {
                elements[index] = try apply(operation, value, rest, elements[index])
            }
            return .array(elements)
        }
        var members = node.members
        let index = members.firstIndex { $0.key == key }
        if rest.isEmpty {
            switch operation {
            case "test": guard let index, members[index].value == value else { throw Refused(operation: "test") }
            case "replace":
                guard let index else { throw Refused(operation: "replace") }
                members[index] = .init(key: key, value: value ?? .null)
            case "add":
                if let index {
                    members[index] = .init(key: key, value: value ?? .null)
                } else {
                    members.append(.init(key: key, value: value ?? .null))
                }
            case "remove":
                guard let index else { throw Refused(operation: "remove") }
                members.remove(at: index)
            default: throw Refused(operation: operation)
            }
        } else {
            guard let index else { throw Refused(operation: operation) }
            members[index] = .init(key: key, value: try apply(operation, value, rest, members[index].value))
        }
        return .object(members)
    }
}
