/// A value of a JSON document, a YAML document or a CSV cell, with the order of an object's members kept.
public enum DocumentValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// Always finite when it comes from a reader: what is not finite is kept as the string it was written as.
    case double(Double)
    case string(String)
    case array([DocumentValue])
    case object([Member])

    /// A key of an object and its value.
    public struct Member: Sendable, Hashable {
        public let key: String
        public let value: DocumentValue

        public init(key: String, value: DocumentValue) {
            self.key = key
            self.value = value
        }
    }

    /// The value under a key; of a key given twice the last counts. `nil` where this is no object or has no such key.
    public subscript(key: String) -> DocumentValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// The value at the end of a path of keys.
    public subscript(path: [String]) -> DocumentValue? {
        var value = self
        for key in path {
            guard let next = value[key] else { return nil }
            value = next
        }
        return value
    }

    /// The elements of an array; empty for everything else.
    public var elements: [DocumentValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The members of an object; empty for everything else.
    public var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    public var isNull: Bool { self == .null }

    /// The text of a string; `nil` for everything else.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    public var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// A whole number, also one written as `12.0`; `nil` for everything else.
    public var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// This value read as a number.
    public var number: NumberReading {
        switch self {
        case .null: .missing
        case .integer(let value): .finite(Double(value))
        case .double(let value): NumberReading(value)
        case .string(let text): NumberReading.isNotFinite(text) ? .notFinite : .notANumber
        case .boolean, .array, .object: .notANumber
        }
    }

    /// The number at the end of a path of keys; missing where the path ends early.
    public func number(_ path: String...) -> NumberReading { self[path]?.number ?? .missing }

    /// The text at the end of a path of keys.
    public func text(_ path: String...) -> String? { self[path]?.text }

    /// The whole number at the end of a path of keys.
    public func integer(_ path: String...) -> Int64? { self[path]?.integer }

    /// What it is, for error messages: "an object", "a string", …
    public var kindName: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer, .double: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
