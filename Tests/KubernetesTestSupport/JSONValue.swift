public import Documents

/// A JSON value whose objects do not depend on the order of their members, and in which `1` and `1.0` differ.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// - Throws: `DocumentError` with line and column.
    public static func parse(_ bytes: [UInt8]) throws -> JSONValue {
        try bytes.withUnsafeBytes { JSONValue(try JSONDocument.parse($0)) }
    }

    /// - Throws: `DocumentError` with line and column.
    public static func parse(_ text: String) throws -> JSONValue { JSONValue(try JSONDocument.parse(text)) }

    public init(_ value: DocumentValue) {
        self =
            switch value {
            case .null: .null
            case .boolean(let flag): .bool(flag)
            case .integer(let number): .integer(number)
            case .double(let number): .double(number)
            case .string(let text): .string(text)
            case .array(let elements): .array(elements.map { JSONValue($0) })
            case .object(let members):
                .object(Dictionary(members.map { ($0.key, JSONValue($0.value)) }, uniquingKeysWith: { _, last in last }))
            }
    }

    /// The value on one line, keys sorted.
    public var json: String { documentValue.json }

    private var documentValue: DocumentValue {
        switch self {
        case .null: .null
        case .bool(let flag): .boolean(flag)
        case .integer(let number): .integer(number)
        case .double(let number): .double(number)
        case .string(let text): .string(text)
        case .array(let elements): .array(elements.map(\.documentValue))
        case .object(let members):
            .object(members.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value.documentValue) })
        }
    }

    /// The value at the end of a path of keys. Setting makes the objects on the way; setting `nil` removes the last key.
    public subscript(path: String...) -> JSONValue? {
        get { self[path[...]] }
        set { self[path[...]] = newValue }
    }

    public subscript(path: ArraySlice<String>) -> JSONValue? {
        get {
            guard let key = path.first else { return self }
            guard case .object(let members) = self, let next = members[key] else { return nil }
            return next[path.dropFirst()]
        }
        set {
            guard let key = path.first else {
                self = newValue ?? .null
                return
            }
            var members = self.members
            if path.count == 1 {
                members[key] = newValue
            } else {
                guard newValue != nil || members[key] != nil else { return }
                var next = members[key] ?? .object([:])
                next[path.dropFirst()] = newValue
                members[key] = next
            }
            self = .object(members)
        }
    }

    /// The members of an object; empty for everything else.
    public var members: [String: JSONValue] {
        if case .object(let members) = self { members } else { [:] }
    }

    /// The elements of an array; empty for everything else.
    public var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    public var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    public var flag: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    public var isObject: Bool {
        if case .object = self { true } else { false }
    }

    public var isArray: Bool {
        if case .array = self { true } else { false }
    }

    /// Go's word for the type, as it stands in the server's messages.
    var goTypeName: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .integer, .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// Fills in the members that are absent or null.
    mutating func setDefault(_ path: String..., to value: JSONValue) {
        let existing = self[path[...]]
        if existing == nil || existing == .null { self[path[...]] = value }
    }

    /// Exchanges each element of the array under a key.
    mutating func mapElements(_ key: String, _ change: (inout JSONValue) -> Void) {
        guard case .array(var elements)? = self[key] else { return }
        for index in elements.indices { change(&elements[index]) }
        self[key] = .array(elements)
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(Dictionary(uniqueKeysWithValues: elements)) }
}
