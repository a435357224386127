import Control
import LoadGeneration
import Measurements
import Probing
import Server
import Simulation
import Testing
import Transport

@Suite struct LoadGeneratorTests {
    private struct SteadyClock: ControlClock {
        var steady: Timestamp { Timestamp(nanosecondsSinceEpoch: 1_000) }
        var wall: Timestamp { steady }
    }

    private func generate(_ requests: [SimulatedRequest], maximumInFlight: Int, timeScale: Double = 10) async throws -> Delivery {
        try await EngineServer.serve(PoolSetup(profile: .llama7BOnH100), settings: ServerSettings(timeScale: timeScale)) { server in
            let client = try HTTPClient(settings: ClientSettings(proxy: .none))
            let exchange = StreamExchange(
                client: client, provider: OpenAIChat(model: server.model), endpoint: server.endpoint, model: server.model)
            let generator = LoadGenerator(
                name: "load", exchange: exchange, requests: requests, timeScale: timeScale, maximumInFlight: maximumInFlight,
                clock: SteadyClock())
            await generator.run()
            let delivery = await generator.deliver(
                DeliveryRequest(now: SteadyClock().steady, questions: [], deadline: .seconds(1)))
            #expect(
                await generator.deliver(DeliveryRequest(now: SteadyClock().steady, questions: [], deadline: .seconds(1)))
                    == Delivery())
            await client.shutdown()
            return delivery
        }
    }

    @Test("every scheduled request is sent with its tokens and measured once")
    func schedule() async throws {
        var arrivals = Arrivals(
            shape: .constant(rate: 20), inputs: .uniform(min: 50, max: 300), outputs: .uniform(min: 2, max: 30), seed: 4)
        let requests = (0..<40).compactMap { _ in arrivals.next() }
        let delivery = try await generate(requests, maximumInFlight: 100)
        #expect(delivery.faults.isEmpty)
        #expect(delivery.measurements.allSatisfy { $0.error == nil && $0.timeToFirstToken != nil })
        func sizes(_ pairs: [(Int?, Int?)]) -> [String] { pairs.map { "\($0.0 ?? -1)/\($0.1 ?? -1)" }.sorted() }
        #expect(
            sizes(delivery.measurements.map { ($0.inputTokens, $0.outputTokens) })
                == sizes(requests.map { ($0.inputTokens, $0.outputTokens) }))
        let intended = delivery.measurements.compactMap { $0.intendedTime?.nanosecondsSinceEpoch }.sorted()
        #expect(intended.count == 40)
        #expect(zip(intended, requests).allSatisfy { abs($0 - 1_000 - $1.arrival.count / 10) < 10 })
    }

    @Test("requests beyond the most under way are left out, and said so")
    func bound() async throws {
        let requests = (0..<5).map { SimulatedRequest(id: $0, arrival: Nanoseconds(0), inputTokens: 20, outputTokens: 200) }
        let delivery = try await generate(requests, maximumInFlight: 2)
        #expect(delivery.measurements.count == 2)
        #expect(delivery.faults == ["3 requests were left out, since 2 were under way"])
    }
}
