import FoundationEssentials

/// RFC 4648 §4, as kubeconfig files use it.
enum Base64 {
    static func encoded(_ text: String) -> String { encoded(Array(text.utf8)) }

    static func encoded(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// `nil` for what is not base64. Line breaks, which YAML's block scalars leave in, are ignored.
    static func decoded(_ text: String) -> [UInt8]? {
        Data(base64Encoded: text.filter { !$0.isWhitespace }).map { [UInt8]($0) }
    }
}
