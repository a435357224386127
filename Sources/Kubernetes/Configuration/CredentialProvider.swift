import Measurements
import Transport

/// What a request bears to prove who sends it.
struct ProvenIdentity: Sendable, Hashable {
    /// The value of `Authorization`; `nil` for none.
    var authorization: String?
    /// A certificate in place of the one the configuration names.
    var certificate: TLSSettings.ClientIdentity?
}

/// Keeps credentials fresh: reads token files anew once a minute and after a 401, and runs plugins when what they gave has expired.
actor CredentialProvider {
    /// A file is not read again before this has passed, but after a 401.
    static let rereadInterval: Duration = .seconds(60)

    private struct Cached {
        var identity: ProvenIdentity
        var readAt: Duration
        /// `nil` where a plugin says nothing of it: good until a 401.
        var expiresAt: Timestamp?
    }

    private let credentials: Credentials
    private let place: String
    private let clock: ClientClock
    private var cached: Cached?
    private var running: Task<Result<ExecCredential, ConfigurationError>, Never>?

    init(_ access: ClusterAccess, clock: ClientClock) {
        credentials = access.credentials
        place = access.origin
        self.clock = clock
    }

    /// What the next request bears.
    /// - Parameter refused: What was refused with a 401; anything newer is kept.
    func identity(after refused: ProvenIdentity? = nil) async throws(ConfigurationError) -> ProvenIdentity {
        switch credentials {
        case .none: return ProvenIdentity()
        case .token(let token): return .bearer(token)
        case .password(let user, let password): return ProvenIdentity(authorization: "Basic " + Base64.encoded("\(user):\(password)"))
        case .tokenFile(let path, let fallback): return try fileToken(path, fallback, refused)
        case .plugin(let plugin): return try await pluginIdentity(plugin, refused)
        }
    }

    private func fileToken(_ path: String, _ fallback: String?, _ refused: ProvenIdentity?) throws(ConfigurationError) -> ProvenIdentity {
        if let cached, clock.now() - cached.readAt < Self.rereadInterval, cached.identity != refused { return cached.identity }
        do {
            let identity = ProvenIdentity.bearer(try SmallFile.token(path, for: place))
            cached = Cached(identity: identity, readAt: clock.now())
            return identity
        } catch {
            // While a file is being replaced, the last token is as good as it was.
            if let cached { return cached.identity }
            guard let fallback else { throw error }
            return .bearer(fallback)
        }
    }

    private func pluginIdentity(_ plugin: ExecPlugin, _ refused: ProvenIdentity?) async throws(ConfigurationError) -> ProvenIdentity {
        if let cached, cached.identity != refused, cached.expiresAt.map({ clock.wall() < $0 }) ?? true { return cached.identity }
        let task: Task<Result<ExecCredential, ConfigurationError>, Never>
        if let running {
            task = running
        } else {
            // One for all who wait: it runs on when one of them is cancelled, and ends by its own time limit.
            task = Task { await plugin.run() }
            running = task
        }
        let result = await task.value
        if running == task { running = nil }
        let credential = try result.get()
        cached = Cached(identity: credential.identity, readAt: clock.now(), expiresAt: credential.expiresAt)
        return credential.identity
    }
}

extension ProvenIdentity {
    static func bearer(_ token: String) -> ProvenIdentity { ProvenIdentity(authorization: "Bearer \(token)") }
}
