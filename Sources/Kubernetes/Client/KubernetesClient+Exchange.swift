import Documents
import Measurements
import Synchronization
import Transport

/// A request before it is worded for the transport.
struct OutgoingRequest {
    var method: String
    var path: String
    var query: [QueryItem] = []
    var body: [UInt8]?
    var contentType = "application/json"
    var bodyLimitBytes: Int
    var isJSONPatch = false
    var changesNothing = false

    var asked: AskedRequest { AskedRequest(method: method, path: path, isJSONPatch: isJSONPatch, changesNothing: changesNothing) }
}

extension KubernetesClient {
    /// Sends a request until there is an answer, the deadline is near or repeating it would not be safe.
    func exchange(_ request: OutgoingRequest) async throws(KubernetesError) -> KubernetesAnswer {
        guard APIAddress.isPath(request.path) else {
            throw KubernetesError(.unsafe, request: request.asked.title, message: "the path is not one of plain names")
        }
        let end = clock.now() + max(settings.deadline, .seconds(1))
        var refused: ProvenIdentity?
        for attempt in 1... {
            let identity = try await identity(after: refused, for: request.asked)
            do {
                return try await attemptOnce(request, identity, left: end - clock.now())
            } catch {
                if error.kind == .unauthorized {
                    // Once, and only with credentials the server has not refused yet.
                    guard refused == nil, try await self.identity(after: identity, for: request.asked) != identity else { throw error }
                    refused = identity
                } else {
                    guard attempt < settings.maximumAttempts else { throw error }
                    try await waitBeforeRepeating(request.asked, after: error, attempt: attempt, end: end)
                }
            }
        }
        preconditionFailure("an endless range ended")
    }

    func identity(after refused: ProvenIdentity?, for asked: AskedRequest) async throws(KubernetesError) -> ProvenIdentity {
        do {
            return try await credentials.identity(after: refused)
        } catch {
            throw KubernetesError(.credentials, request: asked.title, message: error.description)
        }
    }

    /// - Throws: The error itself where it is not to be repeated.
    private func waitBeforeRepeating(
        _ asked: AskedRequest, after error: KubernetesError, attempt: Int, end: Duration
    ) async throws(KubernetesError) {
        guard Retry.isSafe(asked, after: error) else { throw error }
        let wait = jitter.withLock { Retry.wait(after: error, attempt: attempt, jitter: &$0) }
        guard clock.now() + wait + .seconds(1) <= end else { throw error }
        do { try await clock.sleep(wait) } catch { throw KubernetesError(.cancelled, request: asked.title, message: "cancelled") }
    }

    private func attemptOnce(
        _ request: OutgoingRequest, _ identity: ProvenIdentity, left: Duration
    ) async throws(KubernetesError) -> KubernetesAnswer {
        let limit = max(left, .seconds(1))
        var sent = request
        // The server gives up first, so that it says so instead of being hung up on.
        sent.query.append(("timeout", "\(max(1, Int(limit.inSeconds) - (limit >= .seconds(2) ? 1 : 0)))s"))
        var message = worded(sent, identity)
        message.deadlines = Deadlines(connect: min(limit, .seconds(5)), firstByte: nil, idle: nil, total: limit)
        let answer: HTTPAnswer
        do { answer = try await http.send(message) } catch { throw KubernetesError(request.asked, error) }
        let headers = Array(answer.headers)
        guard (200...299).contains(answer.status) else {
            throw KubernetesError(request.asked, status: answer.status, headers: headers, body: answer.body)
        }
        do {
            let object = try answer.body.withUnsafeBytes {
                try JSONDocument.parse($0, limits: DocumentLimits(bytes: request.bodyLimitBytes))
            }
            guard case .object = object else { throw DocumentError(.malformed, "expected an object, found \(object.kindName)") }
            return KubernetesAnswer(object: object, warnings: APIWarning.all(in: headers))
        } catch {
            throw KubernetesError(
                request.asked.isWrite ? .outcomeUnknown : .unreadableAnswer, request: request.asked.title, status: answer.status,
                message: "the answer's body cannot be read: \(error)", mayHaveBeenCarriedOut: request.asked.isWrite)
        }
    }

    /// In the transport's terms, with what every request bears.
    func worded(_ request: OutgoingRequest, _ identity: ProvenIdentity) -> HTTPRequest {
        var headers: [(name: String, value: String)] = [("Accept", "application/json")]
        if let authorization = identity.authorization { headers.append(("Authorization", authorization)) }
        if request.body != nil { headers.append(("Content-Type", request.contentType)) }
        headers += access.impersonation?.headers ?? []
        var tls = access.tls
        if let certificate = identity.certificate { tls.identity = certificate }
        return HTTPRequest(
            method: request.method, url: access.server + request.path + APIAddress.query(request.query), headers: headers,
            body: request.body, maxBodyBytes: request.bodyLimitBytes, tls: tls,
            newConnection: ["PUT", "DELETE"].contains(request.method) && !settings.reusesConnectionsToReplace)
    }
}

extension KubernetesError {
    /// Sorts what became of a connection.
    init(_ asked: AskedRequest, _ error: TransportError) {
        let isOpen = asked.isWrite && error.mayHaveReachedServer
        let kind: Kind =
            switch error.kind {
            case .cancelled: .cancelled
            case .timedOut where isOpen: .timeout(outcomeUnknown: true)
            case .tooLarge where !isOpen, .malformed where !isOpen: .unreadableAnswer
            case .invalidRequest: .unsafe
            default: isOpen ? .outcomeUnknown : .unreachable
            }
        self.init(kind, request: asked.title, message: "\(error.origin): \(error.cause)", mayHaveBeenCarriedOut: isOpen)
    }
}
