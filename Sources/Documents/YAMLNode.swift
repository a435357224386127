/// A node of a YAML document with its place, for parsers that report exact diagnostics.
public struct YAMLNode: Sendable, Hashable {
    /// A place in a YAML text; line and column are 1-based and count characters.
    public struct Mark: Sendable, Hashable, Comparable, CustomStringConvertible {
        public let line: Int
        public let column: Int

        public init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        public var description: String { "\(line):\(column)" }

        public static func < (left: Mark, right: Mark) -> Bool { (left.line, left.column) < (right.line, right.column) }
    }

    /// How a scalar was written: a quoted `5m` is a text, whatever it looks like.
    public enum Style: Sendable, Hashable {
        case plain
        /// In single or double quotes, or as a block (`|`, `>`), or tagged `!!str`.
        case quoted
    }

    public enum Content: Sendable, Hashable {
        case scalar(String, Style)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    /// A key of a mapping and its value; keys are unique within a mapping.
    public struct Entry: Sendable, Hashable {
        public let key: String
        public let keyMark: Mark
        public let value: YAMLNode

        public init(key: String, keyMark: Mark, value: YAMLNode) {
            self.key = key
            self.keyMark = keyMark
            self.value = value
        }
    }

    /// Where the node starts; of an alias, where the alias stands.
    public let mark: Mark
    public let content: Content

    public init(mark: Mark, content: Content) {
        self.mark = mark
        self.content = content
    }

    /// A scalar's text; `nil` for a mapping, a sequence or null.
    public var scalar: String? {
        if case .scalar(let text, _) = content, !isNull { text } else { nil }
    }

    /// A scalar's style; `nil` for a mapping or a sequence.
    public var style: Style? {
        if case .scalar(_, let style) = content { style } else { nil }
    }

    /// The entries of a mapping; `nil` for everything else.
    public var mapping: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// The elements of a sequence; `nil` for everything else.
    public var sequence: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// Whether this is a plain empty scalar, `~` or `null`.
    public var isNull: Bool {
        if case .scalar(let text, .plain) = content { ["", "~", "null", "Null", "NULL"].contains(text) } else { false }
    }

    /// The entry under a key of a mapping.
    public func entry(_ key: String) -> Entry? { mapping?.first { $0.key == key } }

    /// The value under a key of a mapping.
    public subscript(key: String) -> YAMLNode? { entry(key)?.value }

    /// What it is, for error messages: "a mapping", "the text 'x'", …
    public var kindName: String {
        switch content {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar where isNull: "nothing"
        case .scalar(let text, _): "'\(text.prefix(60))'"
        }
    }
}

extension YAMLNode {
    /// This node as a value, plain scalars read by the core schema of YAML 1.2: `on`, `no` and `1:30` are strings.
    public var value: DocumentValue {
        switch content {
        case .mapping(let entries): .object(entries.map { .init(key: $0.key, value: $0.value.value) })
        case .sequence(let elements): .array(elements.map(\.value))
        case .scalar(let text, .quoted): .string(text)
        case .scalar(let text, .plain): isNull ? .null : Self.coreValue(text)
        }
    }

    private static func coreValue(_ text: String) -> DocumentValue {
        switch text {
        case "true", "True", "TRUE": return .boolean(true)
        case "false", "False", "FALSE": return .boolean(false)
        case ".nan", ".NaN", ".NAN": return .string("NaN")
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .string("Infinity")
        case "-.inf", "-.Inf", "-.INF": return .string("-Infinity")
        default: break
        }
        guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else { return .string(text) }
        if let integer = Int64(text) { return .integer(integer) }
        if text.hasPrefix("0x"), let integer = Int64(text.dropFirst(2), radix: 16) { return .integer(integer) }
        if text.hasPrefix("0o"), let integer = Int64(text.dropFirst(2), radix: 8) { return .integer(integer) }
        let isDecimal = text.utf8.allSatisfy { "+-.eE0123456789".utf8.contains($0) }
        guard isDecimal, let number = Double(text) else { return .string(text) }
        return number.isFinite ? .double(number) : .string(number > 0 ? "Infinity" : "-Infinity")
    }
}
