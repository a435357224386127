/// A request that can be sent as it is: nothing in it can add a header, a second request or a contradicting length.
struct CheckedRequest: Sendable {
    let request: HTTPRequest
    let address: WebAddress

    /// What a `Content-Length` or `Transfer-Encoding` of the caller's would contradict.
    private static let ownHeaders = ["Content-Length", "Transfer-Encoding"]

    init(_ request: HTTPRequest) throws(TransportError) {
        do { address = try WebAddress(request.url) } catch { throw Self.refusal(error.cause) }
        self.request = request
        let origin = address.origin.description
        guard Self.isToken(request.method) else { throw Self.refusal("the method is not a token such as GET", origin) }
        guard request.method != "CONNECT" else { throw Self.refusal("CONNECT opens tunnels and is not for requests", origin) }
        guard request.method != "HEAD" || request.body == nil else { throw Self.refusal("a HEAD request has no body", origin) }
        for (index, header) in request.headers.enumerated() {
            guard Self.isToken(header.name) else { throw Self.refusal("the name of header \(index + 1) is not a token", origin) }
            guard Self.isFieldValue(header.value) else {
                throw Self.refusal("the value of header \(header.name) holds a line break or another control character", origin)
            }
            if Self.ownHeaders.contains(where: { HTTPHeaders.same($0, header.name) }) {
                throw Self.refusal("header \(header.name) follows from the body and cannot be set", origin)
            }
        }
        guard request.maxHeaderBytes > 0, request.maxBodyBytes >= 0, request.streamBufferBytes > 0, request.wakeAfterBytes >= 0,
            request.followRedirects >= 0
        else {
            throw Self.refusal("a limit is negative, or zero where nothing could be received", origin)
        }
        let deadlines = [request.deadlines.connect, request.deadlines.firstByte, request.deadlines.idle, request.deadlines.total]
        guard deadlines.allSatisfy({ $0.map { $0 > .zero } ?? true }) else { throw Self.refusal("a deadline is not positive", origin) }
    }

    /// Whether sending it twice has the effect of sending it once (RFC 9110 §9.2.2).
    var isIdempotent: Bool { ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(request.method) }

    private static func refusal(_ cause: String, _ origin: String = "") -> TransportError {
        TransportError(.invalidRequest, origin: origin, cause: cause)
    }

    /// A token of RFC 9110 §5.6.2.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Whether a text fits on a header's line.
    static func isFieldValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x09 }
    }
}
