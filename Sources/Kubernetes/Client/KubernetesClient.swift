public import Control
public import Documents
import Synchronization
import Transport

/// How patient a client is and how much it takes.
public struct KubernetesClientSettings: Sendable, Hashable {
    /// For one request with all its repetitions, at least 1 s.
    public var deadline: Duration
    /// How often a request is sent at most, `1...10`.
    public var maximumAttempts: Int
    /// Of a list's page.
    public var listBodyLimitBytes: Int
    /// Of any other answer.
    public var objectBodyLimitBytes: Int
    /// Of one event of a watch.
    public var watchLineLimitBytes: Int
    /// After how long the server is asked to end a watch; the next one goes on from there. Up to a tenth is added.
    public var watchLength: Duration
    /// Whether a PUT or DELETE may go over a connection that is already open. The transport sends them twice where such a connection turns
    /// out to be dead, and the second may then be told of a conflict with the first.
    public var reusesConnectionsToReplace: Bool
    /// For the seed of the jitter between attempts.
    public var seed: UInt64

    public init(
        deadline: Duration = .seconds(10), maximumAttempts: Int = 4, listBodyLimitBytes: Int = 16 << 20,
        objectBodyLimitBytes: Int = 3 << 20, watchLineLimitBytes: Int = 4 << 20, watchLength: Duration = .seconds(300),
        reusesConnectionsToReplace: Bool = false, seed: UInt64 = .random(in: .min ... .max)
    ) {
        self.deadline = deadline
        self.maximumAttempts = maximumAttempts
        self.listBodyLimitBytes = listBodyLimitBytes
        self.objectBodyLimitBytes = objectBodyLimitBytes
        self.watchLineLimitBytes = watchLineLimitBytes
        self.watchLength = watchLength
        self.reusesConnectionsToReplace = reusesConnectionsToReplace
        self.seed = seed
    }
}

/// Speaks the REST API of a Kubernetes API server. Paths are absolute, e.g. `/apis/apps/v1/namespaces/llm/deployments/chat-8b/scale`.
///
/// A request is repeated only where that is safe: reads, what never reached the server, what it turned away with 429 or 401. A write whose
/// outcome is not known never is.
public final class KubernetesClient: Sendable {
    public let access: ClusterAccess
    let settings: KubernetesClientSettings
    let clock: ClientClock
    let http: HTTPClient
    let credentials: CredentialProvider
    let jitter: Mutex<SeededJitter>

    /// - Throws: `KubernetesError` of kind `unreachable` where the system has no thread or descriptor left.
    public init(
        _ access: ClusterAccess, settings: KubernetesClientSettings = KubernetesClientSettings(), clock: ClientClock = .system
    ) throws(KubernetesError) {
        self.access = access
        self.settings = settings
        self.clock = clock
        credentials = CredentialProvider(access, clock: clock)
        jitter = Mutex(SeededJitter(seed: settings.seed))
        do {
            http = try HTTPClient(settings: ClientSettings(maxIdleConnections: 8))
        } catch {
            throw KubernetesError(.unreachable, request: "access to \(access.server)", message: error.cause)
        }
    }

    /// Ends all requests and watches and closes all connections; later requests are cancelled.
    public func shutdown() async { await http.shutdown() }

    /// An object.
    public func get(_ path: String) async throws(KubernetesError) -> KubernetesAnswer {
        try await exchange(OutgoingRequest(method: "GET", path: path, bodyLimitBytes: settings.objectBodyLimitBytes))
    }

    /// Creates an object in a collection.
    /// - Parameter path: Of the collection.
    public func create(
        _ path: String, _ object: DocumentValue, _ options: WriteOptions = WriteOptions()
    ) async throws(KubernetesError) -> KubernetesAnswer {
        try await exchange(write("POST", path, options.query(), object.json))
    }

    /// Replaces an object.
    /// - Throws: `KubernetesError` of kind `unsafe`, and sends nothing, where the object has no resourceVersion and would overwrite whatever
    ///   is there, or is a Scale without replicas and would scale to zero.
    public func update(
        _ path: String, _ object: DocumentValue, _ options: WriteOptions = WriteOptions()
    ) async throws(KubernetesError) -> KubernetesAnswer {
        guard object.text("metadata", "resourceVersion")?.isEmpty == false else {
            throw unsafe(
                "PUT", path, "the object has no metadata.resourceVersion, so it would overwrite what others wrote since; read it first")
        }
        if object.text("kind") == "Scale" || path.hasSuffix("/scale"), object.integer("spec", "replicas") == nil {
            throw unsafe("PUT", path, "the Scale has no spec.replicas, which would scale to zero; write the number, also 0")
        }
        return try await exchange(write("PUT", path, options.query(), object.json))
    }

    /// Patches an object.
    /// - Throws: `KubernetesError` of kind `unsafe`, and sends nothing, where a Scale's replicas would be taken away, which scales to zero.
    public func patch(
        _ path: String, _ type: PatchType, _ body: DocumentValue, _ options: WriteOptions = WriteOptions()
    ) async throws(KubernetesError) -> KubernetesAnswer {
        if path.hasSuffix("/scale"), Self.takesReplicasAway(type, body) {
            throw unsafe(
                "PATCH", path, "the patch takes spec.replicas of a Scale away, which would scale to zero; write the number, also 0")
        }
        var request = write("PATCH", path, options.query(isApply: type == .apply), body.json)
        request.contentType = type.rawValue
        request.isJSONPatch = type == .json
        return try await exchange(request)
    }

    /// Sends a patch as it was written.
    public func patch(_ patch: PatchRequest, _ options: WriteOptions = WriteOptions()) async throws(KubernetesError) -> KubernetesAnswer {
        guard let body = try? JSONDocument.parse(patch.body) else { throw unsafe("PATCH", patch.path, "its body is no JSON") }
        return try await self.patch(patch.path, PatchType(patch.contentType), body, options)
    }

    /// Deletes an object. It may be there for a while after the answer: only its DELETED event says that it is gone.
    public func delete(
        _ path: String, preconditions: DeletePreconditions = DeletePreconditions(),
        propagation: DeletePreconditions.Propagation = .background, dryRun: Bool = false
    ) async throws(KubernetesError) -> KubernetesAnswer {
        try await exchange(write("DELETE", path, [], preconditions.body(propagation, dryRun: dryRun).json))
    }

    /// Whether the credentials give a right. An answer of no is an answer, not an error.
    public func selfSubjectAccessReview(_ question: AccessQuestion) async throws(KubernetesError) -> AccessReview {
        var request = write("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", [], question.review.json)
        request.changesNothing = true
        let status = try await exchange(request).object["status"]
        guard let isAllowed = status?["allowed"]?.boolean else {
            throw KubernetesError(.unreadableAnswer, request: request.asked.title, message: "the review says neither yes nor no")
        }
        return AccessReview(isAllowed: isAllowed, reason: KubernetesError.bounded(status?.text("reason") ?? ""))
    }

    private func write(_ method: String, _ path: String, _ query: [QueryItem], _ body: String) -> OutgoingRequest {
        OutgoingRequest(method: method, path: path, query: query, body: Array(body.utf8), bodyLimitBytes: settings.objectBodyLimitBytes)
    }

    private func unsafe(_ method: String, _ path: String, _ why: String) -> KubernetesError {
        KubernetesError(.unsafe, request: "\(method) \(path)", message: why)
    }

    private static func takesReplicasAway(_ type: PatchType, _ body: DocumentValue) -> Bool {
        switch type {
        case .json:
            body.elements.contains { $0.text("op") == "remove" && ["/spec", "/spec/replicas", ""].contains($0.text("path")) }
                || body.elements.contains { $0.text("path") == "/spec/replicas" && $0["value"]?.isNull == true }
        case .merge, .strategicMerge: body["spec"]?.isNull == true || body["spec"]?["replicas"]?.isNull == true
        case .apply: body["spec"]?["replicas"]?.integer == nil
        }
    }
}
