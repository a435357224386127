import Documents
import Measurements
public import Transport

/// Asks a Prometheus server, or one that speaks its API: Thanos, Mimir, VictoriaMetrics.
public struct PromQLClient: Sendable {
    /// Such as `http://prometheus:9090`, with a path before `/api` where there is one.
    public let url: String
    private let credential: ServerCredential
    private let transport: HTTPClient

    public init(url: String, credential: ServerCredential = .none, transport: HTTPClient) {
        self.url = url
        self.credential = credential
        self.transport = transport
    }

    /// Evaluates a query as of now.
    /// - Parameter deadline: For the whole exchange; the server is told to give up by then, too.
    public func query(_ text: String, deadline: Duration) async throws(PromQLError) -> PromQLResult {
        let authorization: String?
        do { authorization = try credential.authorization() } catch { throw .unreachable(error.description) }
        let form = [("query", text), ("timeout", PromQL.duration(deadline))].map { "\($0.0)=\(Self.escaped($0.1))" }.joined(separator: "&")
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        var request = HTTPRequest(
            method: "POST", url: base + "/api/v1/query", headers: [(name: "Content-Type", value: "application/x-www-form-urlencoded")],
            body: Array(form.utf8), deadlines: Deadlines(connect: deadline, firstByte: deadline, idle: deadline, total: deadline))
        if let authorization { request.headers.append((name: "Authorization", value: authorization)) }
        let answer: HTTPAnswer
        do { answer = try await transport.send(request) } catch { throw .unreachable(error.cause) }
        return try PromQLResult(status: answer.status, body: answer.body)
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return result
    }
}
