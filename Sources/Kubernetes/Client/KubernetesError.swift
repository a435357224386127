import Measurements

/// A request to the API server that did not do what it was meant to, sorted by what can be done about it.
///
/// Sorted by the HTTP status first: not every answer of an API server holds a Status, and not every Status holds a reason.
public struct KubernetesError: Error, Sendable, Hashable, CustomStringConvertible {
    public var kind: Kind
    /// Method and path, e.g. `PATCH /apis/apps/v1/namespaces/llm/deployments/chat-8b/scale`; without its query.
    public var request: String
    /// The HTTP status; `nil` where no whole answer came.
    public var status: Int?
    /// The server's words, or what became of the connection: bounded, printable, without secrets.
    public var message: String
    /// Whether the server may have done what was asked all the same; always false for a request that changes nothing.
    public var mayHaveBeenCarriedOut: Bool
    /// What the server warned of beside the refusal.
    public var warnings: [APIWarning]

    public init(
        _ kind: Kind, request: String, status: Int? = nil, message: String, mayHaveBeenCarriedOut: Bool = false, warnings: [APIWarning] = []
    ) {
        self.kind = kind
        self.request = request
        self.status = status
        self.message = Self.bounded(message)
        self.mayHaveBeenCarriedOut = mayHaveBeenCarriedOut
        self.warnings = warnings
    }

    public enum Kind: Sendable, Hashable {
        /// The object has changed since it was read, or is not the one a precondition names. Cured by reading it again.
        case conflict
        /// An object of this name is there. Reading again does not help.
        case alreadyExists
        /// Others own the fields that were applied: take them by force, or leave them.
        case fieldManagerConflict([FieldConflict])
        /// The credentials are not, or no longer, valid; they have been read again once.
        case unauthorized
        /// The credentials are known and not enough. New ones do not help.
        case forbidden(Forbidden)
        case notFound(Missing)
        /// The object breaks rules of its type or of an admission policy.
        case invalid([Cause])
        /// A test of a JSON patch does not hold, or a path it needs is not there. Nothing was changed.
        case testFailed
        case tooManyRequests(retryAfter: Duration?, Throttle)
        /// The resourceVersion or the page is too old: list again, or go on from `continue` with a list that is not of one moment.
        case gone(continue: String?)
        case serverError(retryable: Bool)
        /// The server gave up in its own time limit.
        case timeout(outcomeUnknown: Bool)
        /// No answer came. What was asked for has not been done.
        case unreachable
        /// No answer came, or none that can be read, and the server may have done what was asked. Look before asking again.
        case outcomeUnknown
        /// The request is wrong as it was written: 400, 405, 406, 413, 415 and the like.
        case badRequest
        /// Not sent: it could have done something else than what was meant.
        case unsafe
        /// The credentials could not be had; the text says which file or plugin and how to cure it.
        case credentials
        /// The answer is beyond a bound, or is not what this request is answered with.
        case unreadableAnswer
        /// The task was cancelled.
        case cancelled
    }

    /// What a 403 means.
    public enum Forbidden: String, Sendable, Hashable {
        /// A role is missing.
        case rbac
        /// No credentials arrived at the server.
        case anonymous
        case quota
        /// The namespace is being deleted.
        case terminating
        /// An admission webhook says no.
        case webhook
    }

    public enum Missing: String, Sendable, Hashable {
        /// No object of this name, or no such namespace.
        case object
        /// No such path: an unknown group, version or resource.
        case path
    }

    /// Who asks to slow down.
    public enum Throttle: String, Sendable, Hashable {
        /// API priority and fairness.
        case fairness
        /// The storage of a custom resource starts up.
        case storage
        /// An eviction would break a disruption budget.
        case disruptionBudget
    }

    /// A field and who manages it.
    public struct FieldConflict: Sendable, Hashable {
        public var manager: String
        public var field: String

        public init(manager: String, field: String) {
            self.manager = manager
            self.field = field
        }
    }

    /// One reason of a refusal.
    public struct Cause: Sendable, Hashable {
        public var field: String
        public var reason: String
        public var message: String

        public init(field: String, reason: String, message: String) {
            self.field = field
            self.reason = reason
            self.message = message
        }
    }

    public var description: String {
        let answer = status.map { "HTTP \($0): " } ?? ""
        return "\(request): \(answer)\(message). \(aftermath)"
    }

    /// What state things are in now, and what comes next.
    private var aftermath: String {
        if mayHaveBeenCarriedOut { return "Whether it was carried out is not known; read the object before asking again." }
        return switch kind {
        case .conflict: "Nothing was changed; read the object again."
        case .unauthorized: "Check that the credentials are valid for this cluster."
        case .forbidden(.rbac): "Nothing was changed; grant the right to this user."
        case .forbidden(.anonymous): "Nothing was changed; the request carried no credentials."
        case .testFailed: "Nothing was changed: somebody else was there first."
        case .gone: "List again."
        case .unsafe: "It was not sent."
        default: "Nothing was changed."
        }
    }

    /// At most 500 characters of foreign text, on one line.
    static func bounded(_ text: String) -> String {
        let line = ForeignText.withoutSecrets(ForeignText.printable(String(text.prefix(2_000)))).trimmed
        let end = line.hasSuffix(".") ? String(line.dropLast()) : line
        return end.count > 500 ? end.prefix(500) + "…" : end
    }
}
