/// Applies JSON patches (RFC 6902) as the API server does.
enum JSONPatch {
    struct Failure: Error, Hashable {
        let operation: Int
        let cause: String
    }

    /// - Parameter patch: An array of operations, each with `op`, `path` and what it needs.
    static func apply(_ patch: JSONValue, to value: JSONValue) throws(Failure) -> JSONValue {
        guard case .array(let operations) = patch else { throw Failure(operation: 0, cause: "a JSON patch is an array") }
        var result = value
        for (index, operation) in operations.enumerated() {
            do {
                try apply(operation, to: &result)
            } catch {
                throw Failure(operation: index, cause: error.cause)
            }
        }
        return result
    }

    private struct Problem: Error {
        let cause: String
    }

    private static func apply(_ operation: JSONValue, to value: inout JSONValue) throws(Problem) {
        let path = try pointer(operation["path"])
        switch operation["op"]?.text {
        case "add": try add(try required(operation["value"]), at: path[...], to: &value)
        case "remove": try remove(path[...], from: &value)
        case "replace":
            _ = try read(path[...], in: value)
            try replace(path[...], with: try required(operation["value"]), in: &value)
        case "move":
            let source = try pointer(operation["from"])
            let moved = try read(source[...], in: value)
            try remove(source[...], from: &value)
            try add(moved, at: path[...], to: &value)
        case "copy": try add(try read(try pointer(operation["from"])[...], in: value), at: path[...], to: &value)
        case "test":
            guard (try? read(path[...], in: value)) ?? .null == operation["value"] ?? .null else { throw Problem(cause: "test failed") }
        default: throw Problem(cause: "unknown op")
        }
    }

    private static func required(_ value: JSONValue?) throws(Problem) -> JSONValue {
        guard let value else { throw Problem(cause: "no value") }
        return value
    }

    private static func pointer(_ value: JSONValue?) throws(Problem) -> [String] {
        guard let text = value?.text, text.isEmpty || text.hasPrefix("/") else { throw Problem(cause: "not a JSON pointer") }
        return text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { token in
            token.split(separator: "~1", omittingEmptySubsequences: false).joined(separator: "/")
                .split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~")
        }
    }

    private static func index(_ token: String, below limit: Int) throws(Problem) -> Int {
        guard let index = Int(token), index >= 0, index < limit, "\(index)" == token else { throw Problem(cause: "no such index") }
        return index
    }

    private static func read(_ path: ArraySlice<String>, in value: JSONValue) throws(Problem) -> JSONValue {
        guard let token = path.first else { return value }
        switch value {
        case .object(let members):
            guard let next = members[token] else { throw Problem(cause: "no such member") }
            return try read(path.dropFirst(), in: next)
        case .array(let elements): return try read(path.dropFirst(), in: elements[try index(token, below: elements.count)])
        default: throw Problem(cause: "no container")
        }
    }

    /// Walks to the container of the last token and lets `change` work on it.
    private static func edit(
        _ path: ArraySlice<String>, in value: inout JSONValue, _ change: (String, inout JSONValue) throws(Problem) -> Void
    ) throws(Problem) {
        guard let token = path.first else { throw Problem(cause: "the whole document cannot be changed") }
        if path.count == 1 { return try change(token, &value) }
        var next = try read([token], in: value)
        try edit(path.dropFirst(), in: &next, change)
        try replace([token], with: next, in: &value)
    }

    private static func replace(_ path: ArraySlice<String>, with new: JSONValue, in value: inout JSONValue) throws(Problem) {
        if path.isEmpty { return value = new }
        try edit(path, in: &value) { (token, container) throws(Problem) in
            if case .array(var elements) = container {
                elements[try index(token, below: elements.count)] = new
                container = .array(elements)
            } else {
                container[token] = new
            }
        }
    }

    private static func add(_ new: JSONValue, at path: ArraySlice<String>, to value: inout JSONValue) throws(Problem) {
        if path.isEmpty { return value = new }
        try edit(path, in: &value) { (token, container) throws(Problem) in
            switch container {
            case .array(var elements):
                elements.insert(new, at: token == "-" ? elements.count : try index(token, below: elements.count + 1))
                container = .array(elements)
            case .object: container[token] = new
            default: throw Problem(cause: "no container")
            }
        }
    }

    private static func remove(_ path: ArraySlice<String>, from value: inout JSONValue) throws(Problem) {
        _ = try read(path, in: value)
        try edit(path, in: &value) { (token, container) throws(Problem) in
            if case .array(var elements) = container {
                elements.remove(at: try index(token, below: elements.count))
                container = .array(elements)
            } else {
                container[token] = nil
            }
        }
    }
}
