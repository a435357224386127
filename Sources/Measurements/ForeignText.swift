/// Text that somebody else wrote, made fit for a terminal, a log and a store.
public enum ForeignText {
    /// Control characters become `\u{FFFD}`: on a terminal they could clear it or pretend to be something else. Line breaks become blanks.
    public static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(isControl(scalar) ? (scalar == "\n" || scalar == "\t" ? " " : "\u{FFFD}") : scalar)
        }
        return String(result)
    }

    /// Dots in the place of what looks like a key: the word behind `Bearer` or `Basic`, words that begin with `sk-`, and values of `key=` and
    /// `token=`.
    public static func withoutSecrets(_ text: String) -> String {
        guard text.contains("-") || text.contains("=") || text.lowercased().contains("bearer") || text.lowercased().contains("basic") else {
            return text
        }
        var hidesNext = false
        return text.split(separator: " ", omittingEmptySubsequences: false).map { word -> String in
            defer { hidesNext = ["bearer", "basic"].contains { word.lowercased().hasSuffix($0) } }
            if hidesNext, !word.isEmpty { return "•••" }
            for mark in ["sk-", "key=", "token=", "password="] {
                guard let found = word.lowercased().firstRange(of: mark) else { continue }
                let start = word.index(
                    word.startIndex, offsetBy: word.lowercased().distance(from: word.lowercased().startIndex, to: found.upperBound))
                let end = word[start...].firstIndex { "\"',;&)}]".contains($0) } ?? word.endIndex
                if word.distance(from: start, to: end) >= 8 { return word[..<start] + "•••" + word[end...] }
            }
            return String(word)
        }.joined(separator: " ")
    }

    /// An address without the user and password that some write into it, its query and its fragment.
    public static func addressWithoutSecrets(_ url: String) -> String {
        let address = url.prefix { $0 != "?" && $0 != "#" }
        guard let scheme = address.firstRange(of: "://") else { return printable(String(address)) }
        let authority = address[scheme.upperBound...].prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else { return printable(String(address)) }
        return printable(String(address[..<scheme.upperBound] + address[address.index(after: at)...]))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
            || (0x2066...0x2069).contains(scalar.value)
    }
}
