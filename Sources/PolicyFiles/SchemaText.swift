/// A JSON value with the order of its members kept, for writing schemas that people read.
indirect enum SchemaText: Sendable {
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case null
    case list([SchemaText])
    case object([(String, SchemaText)])

    /// Indented by two blanks a level; short lists and objects stay on one line.
    func written(indent: Int = 0) -> String {
        let flat = oneLine
        if flat.utf8.count + indent <= 100 { return flat }
        let margin = String(repeating: " ", count: indent + 2)
        let end = "\n" + String(repeating: " ", count: indent)
        switch self {
        case .text, .integer, .number, .flag, .null: return flat
        case .list(let values):
            return "[\n" + values.map { margin + $0.written(indent: indent + 2) }.joined(separator: ",\n") + end + "]"
        case .object(let members):
            return "{\n" + members.map { "\(margin)\(Self.quoted($0.0)): \($0.1.written(indent: indent + 2))" }.joined(separator: ",\n")
                + end + "}"
        }
    }

    private var oneLine: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .integer(let value): "\(value)"
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
        case .flag(let value): "\(value)"
        case .null: "null"
        case .list(let values): "[" + values.map(\.oneLine).joined(separator: ", ") + "]"
        case .object(let members): "{" + members.map { "\(Self.quoted($0.0)): \($0.1.oneLine)" }.joined(separator: ", ") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
