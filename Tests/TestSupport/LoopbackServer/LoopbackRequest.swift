/// What a ``LoopbackServer`` received: one request, with its body.
public struct LoopbackRequest: Sendable {
    public let method: String
    /// As the client wrote it: path and query, or a whole address where the client takes the server for a proxy.
    public let target: String
    /// In the order they came, names as they were written.
    public let headers: [(name: String, value: String)]
    /// Without the framing of chunks.
    public let body: [UInt8]
    /// The number of the connection it came on, from 0.
    public let connection: Int

    /// The target up to its query.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// What stands behind the question mark of the target, as it was written; `nil` where there is none.
    public var query: String? { target.firstIndex(of: "?").map { String(target[target.index(after: $0)...]) } }

    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The first value of a header, whatever the case of its name.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Reads requests off one connection, one behind the other.
struct LoopbackRequestReader {
    struct Malformed: Error {}

    /// A request head beyond this is refused; a body beyond ``bodyLimitBytes`` too.
    static let headLimitBytes = 1 << 20
    static let bodyLimitBytes = 256 << 20

    let socket: StreamSocket
    let connection: Int
    private var buffer: [UInt8] = []

    init(socket: StreamSocket, connection: Int) {
        self.socket = socket
        self.connection = connection
    }

    /// The next request; `nil` at an orderly end between two requests.
    mutating func next() throws -> LoopbackRequest? {
        guard let head = try head() else { return nil }
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let start = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard start.count == 3 else { throw Malformed() }
        let headers = lines.map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: parts.count < 2 ? "" : Self.trimmed(parts[1]))
        }
        let draft = LoopbackRequest(method: start[0], target: start[1], headers: headers, body: [], connection: connection)
        return LoopbackRequest(
            method: start[0], target: start[1], headers: headers, body: try body(of: draft), connection: connection)
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " || $0 == "\t" })
    }

    private mutating func head() throws -> String? {
        var searched = 0
        while true {
            if let end = Self.endOfHead(buffer, from: searched) {
                defer { buffer.removeFirst(end + 4) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            searched = max(0, buffer.count - 3)
            guard buffer.count <= Self.headLimitBytes else { throw Malformed() }
            let wasEmpty = buffer.isEmpty
            guard try fill() else {
                if wasEmpty { return nil }
                throw Malformed()
            }
        }
    }

    private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= start + 4 else { return nil }
        return (start...(bytes.count - 4)).first {
            bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10
        }
    }

    private mutating func body(of request: LoopbackRequest) throws -> [UInt8] {
        if request.header("Expect") != nil { try socket.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        if request.header("Transfer-Encoding")?.lowercased() == "chunked" { return try chunkedBody() }
        guard let length = request.header("Content-Length") else { return [] }
        guard let count = Int(length), (0...Self.bodyLimitBytes).contains(count) else { throw Malformed() }
        return try take(count)
    }

    private mutating func chunkedBody() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            guard let count = Int(try line(), radix: 16), (0...Self.bodyLimitBytes - body.count).contains(count) else { throw Malformed() }
            if count == 0 { break }
            body += try take(count)
            _ = try line()
        }
        while try !line().isEmpty {}  // Trailers.
        return body
    }

    private mutating func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: buffer[..<end].filter { $0 != 13 }, as: UTF8.self)
            }
            guard buffer.count <= Self.headLimitBytes, try fill() else { throw Malformed() }
        }
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { guard try fill() else { throw Malformed() } }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    private mutating func fill() throws -> Bool {
        let bytes = try socket.receive(64 << 10)
        buffer += bytes
        return !bytes.isEmpty
    }
}
