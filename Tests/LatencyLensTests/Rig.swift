import LatencyLens
import LoadGeneration
import Measurements
import Probing
import Transport

/// A reference server and what is needed to ask it.
struct Rig {
    let server: ReferenceServer
    let client: HTTPClient
    let exchange: StreamExchange

    init(firstToken: Double = 0, perToken: Double = 0, freeze: ReferenceServer.Timing.Freeze? = nil) throws {
        server = try ReferenceServer(
            .init(firstToken: Nanoseconds(milliseconds: firstToken), perToken: Nanoseconds(milliseconds: perToken), freeze: freeze))
        client = try HTTPClient(settings: ClientSettings(maxIdleConnections: 4_096, proxy: .none))
        exchange = StreamExchange(
            client: client, provider: OpenAIChat(model: "reference"), endpoint: server.endpoint, model: "reference", timeout: .seconds(30))
    }

    func runner(
        tokens: Int = 8, settings: RunSettings = RunSettings(seed: 7), sink: (any RecordSink)? = nil, session: SessionShape? = nil,
        isGood: @escaping @Sendable (RequestRecord) -> Bool = { $0.measurement.succeeded }
    ) throws -> LoadRunner {
        let scenario = Scenario(prompts: .filler(.fixed(8)), outputTokens: .fixed(tokens), session: session)
        return try LoadRunner(exchange: exchange, scenarios: [scenario], settings: settings, sink: sink, isGood: isGood)
    }

    func end() async {
        server.stop()
        await client.shutdown()
    }
}

extension [Double] {
    var mean: Double { reduce(0, +) / Double(count) }
    /// Standard deviation over mean.
    var variation: Double { (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot() / mean }
}
