import Control
import Foundation
import Measurements
import Policies
import Statistics
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transport

@Suite("Metrics pages as a source")
struct ScrapeSourceTests {
    @Test("figures of a window are what counters did in it, over replicas and restarts")
    func window() async throws {
        let pods = try (0..<2).map { _ in try Pod() }
        defer { pods.forEach { $0.stop() } }
        let source = try source(pods)
        pods[0].page = page(fast: 100, slow: 0, waiting: 2)
        pods[1].page = page(fast: 500, slow: 500, waiting: 4)
        let first = await source.deliver(request(at: 0))
        #expect(first.readings == [reading(.queueDepth, .value(.init(6, samples: 1)))] && first.blocks == [] && first.faults == [])
        pods[0].page = page(fast: 190, slow: 0, waiting: 0)
        pods[1].page = page(fast: 0, slow: 10, waiting: 0)  // It began anew.
        let second = await source.deliver(request(at: 10))
        let answers = Dictionary(uniqueKeysWithValues: second.readings.map { ($0.query, $0.reading) })
        // 90 of 100 requests below 0.1 s, the others between that and 1 s.
        #expect(answers[.latency(.timeToFirstToken, .percentile(.p90))] == covered(0.1, samples: 100))
        guard case .value(let mean)? = answers[.latency(.timeToFirstToken, .mean)] else { Issue.record("no mean"); return }
        #expect(abs(mean.value - (90 * 0.05 + 10 * 0.5) / 100) < 1e-12 && mean.samples == 100)
        #expect(answers[.throughput] == covered(10, samples: 100))
        #expect(answers[.queueDepth] == .value(.init(3, samples: 2)))
        let block = try #require(second.blocks.first)
        #expect(block.requests == 100 && block.length == .seconds(10))
    }

    @Test("a window begins at the look before it, and forgets what was earlier")
    func sliding() async throws {
        let pod = try Pod()
        defer { pod.stop() }
        let source = try source([pod])
        for (step, fast) in [0, 1_000, 1_010, 1_020, 1_030, 1_040, 1_050, 1_060].enumerated() {
            pod.page = page(fast: fast, slow: 0, waiting: 0)
            let delivery = await source.deliver(request(at: Double(step) * 10))
            guard step == 7 else { continue }
            #expect(delivery.readings.contains(reading(.throughput, .value(.init(1, samples: 60)))), "\(delivery.readings)")
        }
    }

    @Test("a replica that is down, one that talks nonsense and one of another engine are faults; the others still answer")
    func faults() async throws {
        let good = try Pod()
        let nonsense = try Pod()
        let other = try Pod()
        let down = try Pod()
        down.stop()
        defer { [good, nonsense, other].forEach { $0.stop() } }
        good.page = page(fast: 1, slow: 0, waiting: 1)
        nonsense.page = "<html>\n"
        other.page = "go_goroutines 7\n"
        let delivery = try await source([good, nonsense, other, down]).deliver(request(at: 0))
        #expect(delivery.readings == [reading(.queueDepth, .value(.init(1, samples: 1)))])
        #expect(delivery.faults.count == 3)
        #expect(delivery.faults[0] == "\(nonsense.url) gave no metrics: line 1 of the metrics page: expected the name of a metric.")
        #expect(delivery.faults[1].hasPrefix("\(other.url) has a page of metrics, but none of vllm"))
        #expect(delivery.faults[2].hasPrefix("\(down.url) gave no metrics: "))
    }

    @Test("negative, infinite and missing counters are no readings, and a clock that stands still is no time")
    func hostile() async throws {
        let pod = try Pod()
        defer { pod.stop() }
        let source = try source([pod])
        pod.page = page(fast: 10, slow: 0, waiting: 0)
        _ = await source.deliver(request(at: 0))
        for value in ["-5", "NaN", "+Inf", "-Inf"] {
            pod.page = page(fast: 10, slow: 0, waiting: 0).replacing(" 10", with: " \(value)")
            let delivery = await source.deliver(request(at: 0))
            #expect(delivery.blocks == [] && !delivery.readings.contains { $0.query == .throughput }, "\(value)")
        }
        pod.page = page(fast: 12, slow: 0, waiting: 0)
        let delivery = await source.deliver(request(at: 10))
        #expect(delivery.readings.contains(reading(.throughput, covered(0.2, samples: 2))), "\(delivery.readings)")
    }

    @Test("what lies above the highest bound of a histogram is known only from below")
    func aboveHighestBound() async throws {
        let pod = try Pod()
        defer { pod.stop() }
        let source = try source([pod])
        pod.page = page(fast: 0, slow: 0, endless: 0, waiting: 0)
        _ = await source.deliver(request(at: 0))
        pod.page = page(fast: 1, slow: 0, endless: 9, waiting: 0)
        let delivery = await source.deliver(request(at: 60))
        let answer = delivery.readings.first { $0.query == .latency(.timeToFirstToken, .percentile(.p90)) }?.reading
        guard case .value(let figure)? = answer else { Issue.record("no figure: \(delivery)"); return }
        #expect(figure.value == 1 && figure.lower == 1 && figure.upper == nil)
    }

    @Test("a real page of llama.cpp answers what it can", .enabled(if: SharedData.isPresent))
    func realPage() async throws {
        let pod = try Pod()
        defer { pod.stop() }
        let file = SharedData.path("samples/engine_metrics/xllamacpp-2026.10.11549_metrics.prom")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let source = ScrapeSource(name: "engine", urls: [pod.url], preset: .named("llamacpp")!, transport: try HTTPClient())
        pod.page = text
        _ = await source.deliver(request([.tokensPerSecond, .queueDepth, .latency(.timePerOutputToken, .mean)], at: 0))
        pod.page = text.replacing("tokens_predicted_total 652", with: "tokens_predicted_total 1652")
            .replacing("tokens_predicted_seconds_total 0.822386", with: "tokens_predicted_seconds_total 2.822386")
        let delivery = await source.deliver(request([.tokensPerSecond, .queueDepth, .latency(.timePerOutputToken, .mean)], at: 10))
        #expect(delivery.readings.count == 3)
        for reading in delivery.readings {
            guard case .value(let figure) = reading.reading else { Issue.record("\(reading)"); continue }
            let expected: [MetricQuery: Double] = [.tokensPerSecond: 100, .queueDepth: 0, .latency(.timePerOutputToken, .mean): 0.002]
            #expect(abs(figure.value - expected[reading.query]!) < 1e-9)
        }
    }

    @Test("a policy's source is built with its login, and a preset that is not there is refused")
    func fromPolicy() async throws {
        let server = try LoopbackServer { request, writer in
            try writer.answer(
                request.header("authorization") == "Bearer geheim" ? 200 : 401, "vllm:num_requests_waiting{model_name=\"m\"} 3\n")
        }
        defer { server.stop() }
        let file = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }  // A leftover temporary file harms nothing.
        try "geheim".write(toFile: file, atomically: true, encoding: .utf8)
        var described = Policy.Source.Scrape(urls: [server.url], preset: "vllm", selector: ["model_name": "m"])
        described.login = .init(place: .file(file))
        let client = try HTTPClient()
        let delivery = try await ScrapeSource(name: "engine", described, client: client).deliver(request(at: 0))
        #expect(delivery.readings == [reading(.queueDepth, .value(.init(3, samples: 1)))] && delivery.faults == [])
        described.login = nil
        let refused = try await ScrapeSource(name: "engine", described, client: client).deliver(request(at: 0))
        #expect(refused.readings == [] && refused.faults == ["\(server.url) gave no metrics: HTTP 401."])
        described.preset = "vlm"
        #expect(throws: UnknownPreset(name: "vlm")) { try ScrapeSource(name: "engine", described, client: client) }
    }

    // MARK: Pages

    /// A metrics page, and the server of it.
    final class Pod: Sendable {
        private let server: LoopbackServer
        private let text: Text

        private final class Text: Sendable { let value = Mutex("") }

        init() throws {
            let text = Text()
            self.text = text
            server = try LoopbackServer { _, writer in try writer.answer(200, text.value.withLock { $0 }) }
        }

        var page: String {
            get { text.value.withLock { $0 } }
            set { text.value.withLock { $0 = newValue } }
        }

        var url: String { server.url + "/metrics" }
        func stop() { server.stop() }
    }

    /// A page with as many requests whose first token took 50 ms, 500 ms and 5 s.
    private func page(fast: Int, slow: Int, endless: Int = 0, waiting: Int) -> String {
        let all = fast + slow + endless
        return """
            # TYPE vllm:time_to_first_token_seconds histogram
            vllm:time_to_first_token_seconds_bucket{le="0.1"} \(fast)
            vllm:time_to_first_token_seconds_bucket{le="1.0"} \(fast + slow)
            vllm:time_to_first_token_seconds_bucket{le="+Inf"} \(all)
            vllm:time_to_first_token_seconds_sum \(Double(fast) * 0.05 + Double(slow) * 0.5 + Double(endless) * 5)
            vllm:time_to_first_token_seconds_count \(all)
            vllm:request_success_total{finished_reason="stop"} \(all)
            vllm:num_requests_waiting \(waiting)

            """
    }

    private func source(_ pods: [Pod]) throws -> ScrapeSource {
        ScrapeSource(name: "engine", urls: pods.map(\.url), preset: .named("vllm")!, transport: try HTTPClient())
    }

    private func request(
        _ queries: [MetricQuery] = [
            .latency(.timeToFirstToken, .percentile(.p90)), .latency(.timeToFirstToken, .mean), .throughput, .queueDepth, .errorRate,
        ], at seconds: Double
    ) -> DeliveryRequest {
        DeliveryRequest(
            now: Timestamp(secondsSinceEpoch: 1_000 + seconds), questions: queries.map { PolicyQuestion($0, over: .seconds(60)) },
            deadline: .seconds(10))
    }

    private func reading(_ query: MetricQuery, _ reading: Reading) -> RecordedReading {
        RecordedReading(query: query, window: .seconds(60), reading: reading)
    }

    private func covered(_ value: Double, samples: Int) -> Reading {
        var figure = Reading.Value(value, samples: samples)
        figure.covers = .seconds(10)
        return .value(figure)
    }
}
