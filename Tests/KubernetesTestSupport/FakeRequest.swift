/// A request as it came over the connection.
public struct FakeRequest: Sendable, Hashable {
    public var method: String
    /// Path and query, percent-encoded.
    public var target: String
    public var headers: [Header]
    public var body: [UInt8]

    public struct Header: Sendable, Hashable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(_ method: String, _ target: String, headers: [Header] = [], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    public func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }

    /// Decoded.
    public var path: String {
        let encoded = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
        return Self.decoded(encoded[...])
    }

    /// The decoded values of the query, the last of a name given twice.
    public var query: [String: String] {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return [:] }
        var values: [String: String] = [:]
        for pair in parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                Self.decoded($0, plusIsSpace: true)
            }
            values[sides[0]] = sides.count == 2 ? sides[1] : ""
        }
        return values
    }

    /// What stands for `%41`; a `%` that no two digits follow stays.
    private static func decoded(_ text: Substring, plusIsSpace: Bool = false) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The media type of the body without its parameters.
    var contentType: String? { header("Content-Type").map { String($0.prefix { $0 != ";" }) } }
}

/// What the server answers, before any fault of the connection.
public struct FakeResponse: Sendable {
    public enum Body: Sendable {
        case whole([UInt8])
        /// A stream of events, one JSON object a line.
        case watch(FakeWatch)
    }

    public var status: Int
    public var headers: [FakeRequest.Header]
    public var body: Body

    public func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }

    /// The body as JSON; `nil` for a watch and for what is no JSON.
    public var json: JSONValue? {
        guard case .whole(let bytes) = body else { return nil }
        return try? JSONValue.parse(bytes)
    }

    static func json(_ status: Int, _ value: JSONValue, headers: [FakeRequest.Header] = []) -> FakeResponse {
        FakeResponse(
            status: status, headers: [.init("Content-Type", "application/json")] + headers, body: .whole(Array((value.json + "\n").utf8)))
    }

    static func plain(_ status: Int, _ text: String, headers: [FakeRequest.Header] = []) -> FakeResponse {
        FakeResponse(
            status: status,
            headers: [.init("Content-Type", "text/plain; charset=utf-8"), .init("X-Content-Type-Options", "nosniff")] + headers,
            body: .whole(Array(text.utf8)))
    }
}
