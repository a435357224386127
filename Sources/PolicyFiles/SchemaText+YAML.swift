internal import Documents

/// A value as block YAML, with the field each line is about.
struct YAMLLines {
    private(set) var lines: [String] = []
    /// Of each line, such as `spec.triggers[0].when`.
    private(set) var paths: [String] = []

    var text: String { lines.map { $0 + "\n" }.joined() }

    init(_ value: SchemaText) { write(value, indent: 0, path: "") }

    private mutating func write(_ value: SchemaText, indent: Int, path: String) {
        switch value {
        case .object(let members) where !members.isEmpty:
            for (key, member) in members {
                let inner = path.isEmpty ? key : "\(path).\(key)"
                entry(Self.plain(key) + ":", member, indent: indent, path: inner, nested: indent + 2)
            }
        case .list(let values) where !values.isEmpty:
            for (index, element) in values.enumerated() { item(element, indent: indent, path: "\(path)[\(index)]") }
        default: add(Self.scalar(value), indent: indent, path: path)
        }
    }

    private mutating func entry(_ start: String, _ value: SchemaText, indent: Int, path: String, nested: Int) {
        guard value.isNested else { return add("\(start) \(Self.scalar(value))", indent: indent, path: path) }
        add(start, indent: indent, path: path)
        write(value, indent: nested, path: path)
    }

    /// The first line of a nested value goes on the line of the dash.
    private mutating func item(_ value: SchemaText, indent: Int, path: String) {
        let first = lines.count
        write(value, indent: indent + 2, path: path)
        let text = lines[first].dropFirst(indent + 2)
        lines[first] = String(repeating: " ", count: indent) + "- " + text
    }

    private mutating func add(_ text: String, indent: Int, path: String) {
        lines.append(String(repeating: " ", count: indent) + text)
        paths.append(path)
    }

    private static func scalar(_ value: SchemaText) -> String {
        if case .text(let text) = value { return plain(text) }
        return value.written()
    }

    /// A text without quotes where no YAML reader can take it for something else.
    private static func plain(_ text: String) -> String {
        let isWord = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || "-_./".utf8.contains(byte)
        }
        let meanings = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        let startsPlain = text.utf8.first.map { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) } ?? false
        guard isWord, startsPlain, !meanings.contains(text.lowercased()) else { return DocumentValue.string(text).json }
        return text
    }
}

extension SchemaText {
    fileprivate var isNested: Bool {
        switch self {
        case .object(let members): !members.isEmpty
        case .list(let values): !values.isEmpty
        case .text, .integer, .number, .flag, .null: false
        }
    }

    init(_ document: DocumentValue) {
        self =
            switch document {
            case .null: .null
            case .boolean(let flag): .flag(flag)
            case .integer(let number): .integer(Int(number))
            case .double(let number): .number(number)
            case .string(let text): .text(text)
            case .array(let elements): .list(elements.map { SchemaText($0) })
            case .object(let members): .object(members.map { ($0.key, SchemaText($0.value)) })
            }
    }
}
