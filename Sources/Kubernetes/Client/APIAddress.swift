typealias QueryItem = (name: String, value: String)

/// Paths and queries of the API, written so that no name can lead to another path.
enum APIAddress {
    /// Whether a text is an absolute path of plain segments: no query, no fragment, no empty or dotted segment, nothing to be escaped.
    static func isPath(_ text: String) -> Bool {
        guard text.hasPrefix("/"), text.utf8.count <= 2_048 else { return false }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".." && segment.utf8.allSatisfy { isUnreserved($0) || $0 == UInt8(ascii: ":") }
        }
    }

    /// `?a=b&c=d`, or nothing for no items.
    static func query(_ items: [QueryItem]) -> String {
        items.isEmpty ? "" : "?" + items.map { "\($0.name)=\(escaped($0.value))" }.joined(separator: "&")
    }

    /// RFC 3986 §2.1.
    static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            if isUnreserved(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += (digits.utf8.count == 1 ? "%0" : "%") + digits
            }
        }
        return result
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
    }
}
