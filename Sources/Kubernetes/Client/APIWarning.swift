/// A warning of the API server, as `Warning: 299 - "unknown field \"spec.replicass\""` carries it: with successes and with failures,
/// several at a time.
public struct APIWarning: Sendable, Hashable, CustomStringConvertible {
    /// Printable, at most 500 characters.
    public let text: String

    public init(_ text: String) { self.text = KubernetesError.bounded(text) }

    public var description: String { text }

    /// The warnings of all `Warning` headers of an answer, at most 32 of them.
    ///
    /// Source: RFC 7234 §5.5: `code agent "text" ["date"]`, several separated by commas. Only code 299 is the API server's.
    static func all(in headers: [(name: String, value: String)]) -> [APIWarning] {
        let values = headers.filter { $0.name.lowercased() == "warning" }.map(\.value)
        return values.flatMap { texts(in: $0.prefix(16_384)) }.prefix(32).map(APIWarning.init)
    }

    private static func texts(in header: Substring) -> [String] {
        var texts: [String] = []
        var rest = header
        while true {
            rest = rest.drop { $0 == " " || $0 == "," }
            let code = rest.prefix { $0.isNumber }
            guard code.count == 3, let quote = rest.firstIndex(of: "\"") else { return texts }
            rest = rest[rest.index(after: quote)...]
            guard let text = quotedText(&rest) else { return texts }
            if code == "299" { texts.append(text) }
            // A date in quotes may follow.
            let tail = rest.drop { $0 == " " }
            if tail.first == "\"" {
                rest = tail.dropFirst()
                guard quotedText(&rest) != nil else { return texts }
            }
        }
    }

    /// Up to the closing quote, with backslashes taken away.
    private static func quotedText(_ rest: inout Substring) -> String? {
        var text = ""
        while let character = rest.popFirst() {
            if character == "\"" { return text }
            guard character == "\\" else {
                text.append(character)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            text.append(escaped)
        }
        return nil
    }
}
