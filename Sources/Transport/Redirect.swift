/// What to ask next when an answer points elsewhere (RFC 9110 §15.4).
enum Redirect {
    /// What may follow to another origin; anything else may be a credential, whatever its name.
    private static let harmlessHeaders = ["Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "User-Agent"]

    /// The next request; `nil` where the answer is no redirect.
    /// - Throws: `malformed` where it points to nowhere one may go.
    static func next(after checked: CheckedRequest, status: Int, headers: HTTPHeaders) throws(TransportError) -> HTTPRequest? {
        guard [301, 302, 303, 307, 308].contains(status), let location = headers["Location"] else { return nil }
        var request = checked.request
        let origin = checked.address.origin
        func refusal(_ cause: String) -> TransportError {
            TransportError(
                .malformed, origin: origin.description, cause: "the redirect cannot be followed: \(cause)", mayHaveReachedServer: true)
        }
        let target: WebAddress
        do { target = try checked.address.resolving(location) } catch { throw refusal(error.cause) }
        if target.hasUserInformation && target.origin != origin { throw refusal("it names a user") }
        request.url = target.text
        if becomesGet(request.method, status) {
            request.method = "GET"
            request.body = nil
            request.headers.removeAll { HTTPHeaders.same($0.name, "Content-Type") }
        }
        if target.origin != origin { withholdSecrets(&request) }
        return request
    }

    private static func becomesGet(_ method: String, _ status: Int) -> Bool {
        switch status {
        case 303: method != "HEAD"
        case 301, 302: method == "POST"
        default: false
        }
    }

    private static func withholdSecrets(_ request: inout HTTPRequest) {
        request.headers.removeAll { header in !harmlessHeaders.contains { HTTPHeaders.same($0, header.name) } }
        request.tls?.identity = nil
        request.tls?.serverName = nil
        request.tls?.insecureSkipVerify = false
    }
}
