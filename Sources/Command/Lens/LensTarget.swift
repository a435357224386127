import BenchmarkFiles
import Documents
import Measurements
import Probing
import Transport

/// A target that can be asked: its interface, its address and its key.
struct LensTarget: Sendable {
    let planned: PlannedTarget
    let exchange: StreamExchange
    let key: String?

    /// - Throws: `CommandFailure`, which never holds the key.
    init(_ planned: PlannedTarget, client: HTTPClient, timeout: Duration) throws {
        self.planned = planned
        let entry = try planned.provider == ProviderRegistry.custom ? nil : Self.entry(planned.provider)
        guard let endpoint = planned.endpoint ?? entry?.endpoint else {
            throw CommandFailure("the provider '\(planned.provider)' needs --endpoint, such as http://host:8000/v1")
        }
        try Self.check(endpoint)
        let provider: any StreamingProvider
        if let entry {
            provider = entry.provider(
                model: planned.model,
                options: ProviderOptions(endpoint: endpoint, apiVersion: planned.apiVersion, thinkingTokens: planned.thinkingTokens))
        } else {
            provider = try Self.described(planned)
        }
        exchange = StreamExchange(client: client, provider: provider, endpoint: endpoint, model: planned.model, timeout: timeout)
        // A customary key goes to nobody but the provider it is of.
        let isCustomary = planned.endpoint == nil || entry?.endpoint == nil
        let place = planned.key ?? (isCustomary ? entry?.keyVariable.map { .environment($0) } : nil)
        do throws(SecretMissing) {
            key = try place?.read()
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private static func entry(_ name: String) throws -> ProviderRegistry.Entry {
        do throws(UnknownProvider) {
            return try ProviderRegistry.entry(name)
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private static func check(_ endpoint: String) throws {
        let scheme = ["http://", "https://"].first { endpoint.lowercased().hasPrefix($0) }
        guard let scheme, endpoint.utf8.count > scheme.utf8.count else {
            throw CommandFailure("expected an endpoint that begins with http:// or https://, such as http://host:8000/v1")
        }
        if endpoint.dropFirst(scheme.count).prefix(while: { $0 != "/" }).contains("@") {
            throw CommandFailure("an endpoint must not carry a user or a password; name the key with --key-from-environment")
        }
        if endpoint.contains("?") || endpoint.contains("#") {
            throw CommandFailure(
                "an endpoint must not carry a query, where keys end up; name the key with --key-from-environment, the version with --api-version"
            )
        }
    }

    private static func described(_ planned: PlannedTarget) throws -> CustomProvider {
        guard let file = planned.descriptionFile else { throw CommandFailure("the provider 'custom' needs --description FILE") }
        let text: String
        do {
            text = String(decoding: try FileContent.read(path: file, limitBytes: 1 << 20), as: UTF8.self)
        } catch {
            throw CommandFailure("cannot read the description \(file): \(error)")
        }
        do throws(MalformedDescription) {
            return try CustomProvider(model: planned.model, yaml: text)
        } catch {
            throw CommandFailure(error.errors.map { "\(file):\($0.mark): \($0.message)" }.joined(separator: "\nerror: "))
        }
    }

    var facts: ModelFacts {
        ModelFacts(name: planned.model, provider: exchange.provider.name, endpoint: ForeignText.addressWithoutSecrets(exchange.endpoint))
    }
}
