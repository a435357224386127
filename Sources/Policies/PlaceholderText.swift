/// A text with placeholders such as `{slots}`: a name of letters, digits, `-`, `_` and `.` in braces. All other braces are just braces.
public struct PlaceholderText: Sendable, Hashable {
    public enum Part: Sendable, Hashable {
        case literal(String)
        case placeholder(String)
    }

    /// In their order; neighbouring literals are one.
    public let parts: [Part]

    public init(_ text: String) {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let brace = rest.firstIndex(of: "{") {
            literal += rest[..<brace]
            let name = rest[rest.index(after: brace)...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
            guard let first = name.first, first.isLetter || first.isNumber, name.endIndex < rest.endIndex, rest[name.endIndex] == "}" else {
                literal.append("{")
                rest = rest[rest.index(after: brace)...]
                continue
            }
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = ""
            parts.append(.placeholder(String(name)))
            rest = rest[rest.index(after: name.endIndex)...]
        }
        literal += rest
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
    }

    /// The text with a value in the place of each placeholder.
    /// - Parameter value: Of a name; `isQuoted` says whether the placeholder stands inside a JSON string, where it is a part of a text.
    public func filled<Failure>(_ value: (_ name: String, _ isQuoted: Bool) throws(Failure) -> String) throws(Failure) -> String {
        var result = ""
        var isQuoted = false
        var isEscaped = false
        for part in parts {
            switch part {
            case .placeholder(let name): result += try value(name, isQuoted)
            case .literal(let text):
                result += text
                for byte in text.utf8 {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == UInt8(ascii: "\\") {
                        isEscaped = isQuoted
                    } else if byte == UInt8(ascii: "\"") {
                        isQuoted.toggle()
                    }
                }
            }
        }
        return result
    }

    public var placeholders: [String] {
        parts.compactMap { part in
            if case .placeholder(let name) = part { name } else { nil }
        }
    }
}
