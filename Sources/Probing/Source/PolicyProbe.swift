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
        let provider = try ProviderRegistry.entry(probe.provider)
            .provider(model: probe.model, options: ProviderOptions(endpoint: probe.endpoint))
        let key = probe.keyFromEnvironment.map(SecretPlace.environment) ?? probe.keyFromFile.map(SecretPlace.file)
        let exchange = StreamExchange(client: client, provider: provider, endpoint: probe.endpoint, model: probe.model)
        var settings = ProbeSettings(rate: probe.rate, key: key, seed: seed)
        settings.tokensPerHour = probe.tokensPerHour
        self.init(name: name, exchange: exchange, settings: settings, clock: clock)
    }
}
