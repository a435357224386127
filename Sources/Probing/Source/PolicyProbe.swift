public import Control
import Documents
public import Policies
public import Transport

extension StreamingProbe {
    /// As a policy describes it.
    /// - Parameter seed: Of the times and the prompts.
    /// - Throws: ``UnknownProvider``.
    public convenience init(
        name: String, _ probe: Policy.Source.Probe, client: HTTPClient, clock: any ControlClock, seed: UInt64
    ) throws(UnknownProvider) {
        guard let interface = OpenAIChat.Interface(rawValue: probe.provider) else { throw UnknownProvider(name: probe.provider) }
        let key = probe.keyFromEnvironment.map(SecretPlace.environment) ?? probe.keyFromFile.map(SecretPlace.file)
        let exchange = StreamExchange(
            client: client, provider: OpenAIChat(model: probe.model, interface: interface), endpoint: probe.endpoint, model: probe.model)
        self.init(name: name, exchange: exchange, settings: ProbeSettings(rate: probe.rate, key: key, seed: seed), clock: clock)
    }
}

/// A policy names an API that probes do not speak.
public struct UnknownProvider: Error, Sendable, Hashable, CustomStringConvertible {
    public let name: String

    public init(name: String) { self.name = name }

    public var description: String {
        "no provider is named '\(name)'; known are \(OpenAIChat.Interface.allCases.map(\.rawValue).joined(separator: ", "))"
    }
}
