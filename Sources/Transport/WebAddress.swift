import CCurl

/// An absolute `http` or `https` address, as libcurl reads it: one parser decides where a request goes and whom it may tell secrets.
struct WebAddress: Sendable, Hashable {
    /// What of an address decides whether it is the same place.
    struct Origin: Sendable, Hashable, CustomStringConvertible {
        let scheme: String
        /// With brackets around IPv6.
        let host: String
        let port: String

        var description: String { "\(scheme)://\(host):\(port)" }
    }

    struct Unreadable: Error {
        /// Names no part of the address, which may hold secrets.
        let cause: String
    }

    /// Normalized.
    let text: String
    let origin: Origin
    let hasUserInformation: Bool

    init(_ text: String) throws(Unreadable) { try self.init(text, relativeTo: nil) }

    /// What a `Location` header of an answer from here means.
    func resolving(_ location: String) throws(Unreadable) -> WebAddress { try WebAddress(location, relativeTo: self) }

    private init(_ text: String, relativeTo base: WebAddress?) throws(Unreadable) {
        guard !text.isEmpty, text.utf8.count <= 64 << 10 else { throw Unreadable(cause: "the address is empty or longer than 64 KiB") }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw Unreadable(cause: "the address holds a blank, a control character or a character outside ASCII; percent-encode it")
        }
        guard let parser = curl_url() else { throw Unreadable(cause: "out of memory") }
        defer { curl_url_cleanup(parser) }
        if let base { try Self.read(base.text, into: parser) }
        try Self.read(text, into: parser)
        let part = { (name: CURLUPart, flags: UInt32) -> String? in Self.part(name, of: parser, flags: flags) }
        guard let scheme = part(CURLUPART_SCHEME, 0), ["http", "https"].contains(scheme) else {
            throw Unreadable(cause: "the address is neither http nor https")
        }
        guard let host = part(CURLUPART_HOST, 0), let port = part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)),
            let whole = part(CURLUPART_URL, 0)
        else { throw Unreadable(cause: "the address has no host") }
        self.text = whole
        origin = Origin(scheme: scheme, host: host.lowercased(), port: port)
        hasUserInformation = part(CURLUPART_USER, 0) != nil || part(CURLUPART_PASSWORD, 0) != nil
    }

    /// The same address at another host.
    func replacingHost(_ host: String) throws(Unreadable) -> WebAddress {
        guard let parser = curl_url() else { throw Unreadable(cause: "out of memory") }
        defer { curl_url_cleanup(parser) }
        try Self.read(text, into: parser)
        guard curl_url_set(parser, CURLUPART_HOST, host, 0) == CURLUE_OK, let whole = Self.part(CURLUPART_URL, of: parser, flags: 0) else {
            throw Unreadable(cause: "the server name is not a host name")
        }
        return try WebAddress(whole)
    }

    private static func read(_ text: String, into parser: OpaquePointer) throws(Unreadable) {
        let code = curl_url_set(parser, CURLUPART_URL, text, 0)
        guard code == CURLUE_OK else { throw Unreadable(cause: "the address is malformed: \(String(cString: curl_url_strerror(code)))") }
    }

    private static func part(_ name: CURLUPart, of parser: OpaquePointer, flags: UInt32) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard curl_url_get(parser, name, &value, flags) == CURLUE_OK, let value else { return nil }
        defer { curl_free(value) }
        return String(cString: value)
    }
}
