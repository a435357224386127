internal import EngineModels
internal import Policies

extension TextRule {
    /// Longest text anywhere in a policy, in bytes.
    static let longestText = 4_096

    /// Why a text does not follow the rule; `nil` when it does.
    func refusal(of text: String) -> Refusal? {
        if text.isEmpty { return Refusal(message: "must not be empty") }
        guard text.utf8.count <= Self.longestText else { return Refusal(message: "longer than \(Self.longestText) bytes") }
        switch self {
        case .any, .promQL: return nil
        case .name: return Self.nameRefusal(text)
        case .provider: return Self.providerRefusal(text)
        case .profile: return Self.profileRefusal(text)
        case .url: return Self.urlRefusal(text)
        case .cron: return Self.cronRefusal(text)
        case .timezone:
            guard CronExpression.knows(timezone: text) else {
                return Refusal(message: "unknown time zone '\(QuantityText.shown(text))'; write an IANA name such as Europe/Berlin or UTC")
            }
            return nil
        case .jsonPointer:
            guard text.hasPrefix("/"), !text.hasSuffix("~") else {
                return Refusal(message: "expected a JSON pointer such as /spec/template, found '\(QuantityText.shown(text))'")
            }
            return nil
        case .statistic:
            return LatencyStatistic(fileName: text) == nil
                ? Refusal(
                    message: "expected mean or a percentile from p1 to p99.99, found '\(QuantityText.shown(text))'") : nil
        }
    }

    private static func nameRefusal(_ text: String) -> Refusal? {
        let isWord = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E
                || byte == 0x5F
        }
        guard isWord, text.utf8.count <= 253, let first = text.first, first.isLetter || first.isNumber else {
            return Refusal(
                message:
                    "'\(QuantityText.shown(text))' is no name; use letters, digits, '-', '_' and '.', at most 253, a letter or digit first")
        }
        return nil
    }

    private static func providerRefusal(_ text: String) -> Refusal? {
        let known = Policy.Source.Probe.providers
        if known.contains(text) { return nil }
        let why =
            text == "custom"
            ? "a probe cannot speak an interface that a file describes, only 'probe' and 'benchmark' of the command line can"
            : "no provider is named '\(QuantityText.shown(text))'"
        return Refusal(message: "\(why); known are \(known.joined(separator: ", "))")
    }

    private static func profileRefusal(_ text: String) -> Refusal? {
        if EngineProfile.named(text) != nil { return nil }
        return Refusal(
            message: "no engine profile is named '\(QuantityText.shown(text))'; known are "
                + EngineProfile.known.map { "\($0.name) (\($0.model) on \($0.hardware))" }.joined(separator: ", "))
    }

    private static func urlRefusal(_ text: String) -> Refusal? {
        let scheme = ["http://", "https://"].first { text.lowercased().hasPrefix($0) }
        guard let scheme else {
            return Refusal(message: "expected a URL that begins with http:// or https://, found '\(QuantityText.shown(text))'")
        }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.contains("@") {
            return Refusal(message: "a URL in a policy must not carry a user or a password", offset: scheme.count)
        }
        if let query = text.firstIndex(where: { $0 == "?" || $0 == "#" }) {
            let offset = text.distance(from: text.startIndex, to: query)
            return Refusal(
                message: "a URL in a policy must not carry a query, where keys end up; name the key with keyFromEnvironment", offset: offset
            )
        }
        if text.contains(where: { $0.isWhitespace || "<>\"{}|\\^`".contains($0) }) {
            return Refusal(message: "'\(QuantityText.shown(text))' has characters that no URL may have")
        }
        guard let host = host(of: authority), !host.isEmpty else {
            return Refusal(message: "'\(QuantityText.shown(text))' has no host, or a port that is none", offset: scheme.count)
        }
        return nil
    }

    private static func host(of authority: Substring) -> Substring? {
        let isLiteral = authority.hasPrefix("[")
        guard let colon = authority.lastIndex(of: ":"), !isLiteral || authority[authority.index(before: colon)] == "]" else {
            return authority
        }
        guard let port = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(port) else { return nil }
        return authority[..<colon]
    }

    private static func cronRefusal(_ text: String) -> Refusal? {
        do {
            _ = try CronExpression(text)
            return nil
        } catch {
            return Refusal(message: error.message, offset: error.column - 1)
        }
    }
}
