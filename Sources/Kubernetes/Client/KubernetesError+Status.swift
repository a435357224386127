import Documents

/// What was asked, as far as it changes what an answer means.
struct AskedRequest {
    var method: String
    /// Without query.
    var path: String
    /// The failed test of a JSON patch looks like any other 422.
    var isJSONPatch = false
    /// A review that is created changes nothing.
    var changesNothing = false

    var isWrite: Bool { method != "GET" && !changesNothing }
    var title: String { "\(method) \(path)" }
}

extension KubernetesError {
    /// Sorts an answer that is no success.
    /// - Parameter headers: Names in any case.
    init(_ asked: AskedRequest, status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.init(asked, status: status, APIStatus(body), retryAfter: Self.retryAfter(headers), warnings: APIWarning.all(in: headers))
    }

    /// Sorts a Status, which may also have come as an event of a watch.
    init(_ asked: AskedRequest, status: Int, _ answer: APIStatus, retryAfter: Duration? = nil, warnings: [APIWarning] = []) {
        let wait = retryAfter ?? answer.retryAfterSeconds.map { .seconds(min(max($0, 0), 3_600)) }
        let kind = Self.kind(asked, status, answer, wait)
        self.init(
            kind, request: asked.title, status: status, message: answer.message.isEmpty ? "no reason given" : answer.message,
            mayHaveBeenCarriedOut: asked.isWrite && Self.leavesOutcomeOpen(status, answer), warnings: warnings)
    }

    private static func kind(_ asked: AskedRequest, _ status: Int, _ answer: APIStatus, _ wait: Duration?) -> Kind {
        switch status {
        case 401: .unauthorized
        case 403: .forbidden(forbidden(answer))
        case 404: .notFound(answer.reason == "NotFound" && answer.isStatus ? .object : .path)
        case 409: conflict(answer)
        case 410: .gone(continue: answer.continueToken)
        case 422 where asked.isJSONPatch && answer.causes.isEmpty: .testFailed
        case 422: .invalid(answer.causes)
        case 429: .tooManyRequests(retryAfter: wait, throttle(answer))
        case 504: .timeout(outcomeUnknown: asked.isWrite)
        case 500...599: .serverError(retryable: isRetryable(status, answer))
        case 400...499: .badRequest
        default: .unreadableAnswer
        }
    }

    private static func conflict(_ answer: APIStatus) -> Kind {
        let fields = answer.causes.filter { $0.reason == "FieldManagerConflict" }.map {
            FieldConflict(manager: manager(in: $0.message), field: $0.field)
        }
        if !fields.isEmpty { return .fieldManagerConflict(fields) }
        return answer.reason == "AlreadyExists" ? .alreadyExists : .conflict
    }

    /// The name in `conflict with "alice"` or `conflict with "alice" using apps/v1`.
    private static func manager(in message: String) -> String {
        let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.count >= 3 ? String(parts[1]) : message
    }

    private static func forbidden(_ answer: APIStatus) -> Forbidden {
        if answer.hasCause("NamespaceTerminating") { return .terminating }
        if answer.message.contains("denied the request") || answer.message.hasPrefix("admission webhook") { return .webhook }
        if answer.message.contains("exceeded quota") || answer.message.contains("failed quota") { return .quota }
        return answer.message.contains("User \"system:anonymous\"") ? .anonymous : .rbac
    }

    private static func throttle(_ answer: APIStatus) -> Throttle {
        if answer.hasCause("DisruptionBudget") { return .disruptionBudget }
        return answer.isStatus && answer.message.contains("storage is") ? .storage : .fairness
    }

    /// A 500 without a reason is how the server words a request that is wrong; asking again gives the same.
    private static func isRetryable(_ status: Int, _ answer: APIStatus) -> Bool {
        status != 500 || !answer.isStatus || answer.reason != nil
    }

    /// Whether an answer that is no success leaves open what became of a write. A 5xx does, but where the request never came to the storage.
    private static func leavesOutcomeOpen(_ status: Int, _ answer: APIStatus) -> Bool {
        guard status >= 500 else { return status < 400 }
        let cameToAdmissionOnly = answer.message.contains("failed calling webhook") || answer.message.contains("failed to call webhook")
        return !(status == 500 && (cameToAdmissionOnly || !isRetryable(status, answer)))
    }

    /// Whole seconds, at most an hour; a date in its place is not read.
    private static func retryAfter(_ headers: [(name: String, value: String)]) -> Duration? {
        guard let value = headers.first(where: { $0.name.lowercased() == "retry-after" })?.value, let seconds = Int64(value.trimmed) else {
            return nil
        }
        return .seconds(min(max(seconds, 0), 3_600))
    }
}

extension String {
    /// Without blanks and line breaks at its ends.
    var trimmed: String {
        guard let start = firstIndex(where: { !$0.isWhitespace }), let end = lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(self[start...end])
    }
}
