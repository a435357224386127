import Control
import Foundation
import Measurements
import Policies
import Scaling
import Testing
import Transport

@testable import Telemetry

@Suite("The load that vLLM's metrics tell")
struct LoadMeterTests {
    /// What one replica has counted so far.
    private struct Engine {
        var pod = "a"
        var ended = 0.0
        var aborted = 0.0
        var failed = 0.0
        var running = 0.0
        var waiting = 0.0
        /// Of those that ended, so many had a first token within 1 s, and so many tokens within 50 ms.
        var quick = 0.0
        var fluent = 0.0
        var promptTokens = 0.0
        var answerTokens = 0.0
        var gapSeconds = 0.0
        var cached = 0.0

        var samples: [MetricSeries: Double] {
            func at(_ name: String, _ labels: [String: String] = [:]) -> MetricSeries {
                MetricSeries("vllm:" + name, labels.merging(["pod": pod, "model_name": "m"]) { first, _ in first })
            }
            let all = ended + failed
            return [
                at("request_success_total", ["finished_reason": "stop"]): ended,
                at("request_success_total", ["finished_reason": "abort"]): aborted,
                at("request_success_total", ["finished_reason": "error"]): failed,
                at("num_requests_running"): running, at("num_requests_waiting"): waiting,
                at("request_prompt_tokens_sum"): promptTokens, at("request_prompt_tokens_count"): all,
                at("request_generation_tokens_sum"): answerTokens, at("request_generation_tokens_count"): all,
                at("prompt_tokens_cached_total"): cached,
                at("time_to_first_token_seconds_sum"): all, at("time_to_first_token_seconds_count"): ended,
                at("time_to_first_token_seconds_bucket", ["le": "1.0"]): quick,
                at("time_to_first_token_seconds_bucket", ["le": "2.5"]): ended,
                at("time_to_first_token_seconds_bucket", ["le": "+Inf"]): ended,
                at("request_time_per_output_token_seconds_sum"): gapSeconds, at("request_time_per_output_token_seconds_count"): ended,
                at("request_time_per_output_token_seconds_bucket", ["le": "0.05"]): fluent,
                at("request_time_per_output_token_seconds_bucket", ["le": "0.1"]): ended,
                at("request_time_per_output_token_seconds_bucket", ["le": "+Inf"]): ended,
            ]
        }

        /// Lets requests end.
        mutating func end(_ count: Double, quick: Double? = nil, fluent: Double? = nil) {
            ended += count
            self.quick += quick ?? count
            self.fluent += fluent ?? count
            promptTokens += 1_000 * count
            answerTokens += 200 * count
            gapSeconds += 0.03 * count
        }
    }

    private let limits = [
        LatencyLimit(metric: .timeToFirstToken, limit: Nanoseconds(seconds: 1)),
        LatencyLimit(metric: .timePerOutputToken, limit: Nanoseconds(milliseconds: 50)),
    ]

    private func at(_ seconds: Int) -> Timestamp { Timestamp(secondsSinceEpoch: 1_800_000_000 + Double(seconds)) }

    private func meter() throws -> LoadMeter { try #require(LoadMeter(.vllm)) }

    private func look(_ meter: inout LoadMeter, _ engines: [Engine], _ seconds: Int, without name: String? = nil) -> ServiceLoad? {
        var samples: [MetricSeries: Double] = [:]
        for engine in engines { samples.merge(engine.samples) { $1 } }
        if let name { samples = samples.filter { !$0.key.name.contains(name) } }
        return meter.look(samples, at: at(seconds), limits: limits)
    }

    @Test("what came is what ended, given up or not, and what more waits and runs; the first look tells nothing")
    func arrivals() throws {
        var meter = try meter()
        var engine = Engine(ended: 1_000, running: 10, waiting: 4)
        #expect(look(&meter, [engine], 0) == nil)
        engine.end(90, quick: 80, fluent: 85)
        engine.aborted = 3
        (engine.running, engine.waiting, engine.cached) = (14, 10, 9_000)
        let load = try #require(look(&meter, [engine], 15))
        #expect(load.start == at(0) && load.end == at(15) && load.arrivals == 93 + 10)
        #expect(load.waiting == 10 && load.running == 14 && load.prompts == 90 && load.promptTokens == 90_000)
        let finished = try #require(load.finished)
        #expect(finished.count == 90 && finished.outputTokens == 18_000 && finished.cachedTokens == 9_000)
        #expect(finished.withSeveralTokens == 90 && abs(finished.timePerOutputToken - 2.7) < 1e-9)
        // 10 first tokens and 5 texts were late: at least 10 requests were.
        #expect(load.missed == 10)
    }

    @Test("failed requests are missed ones, and those between two bounds are shared out")
    func missed() throws {
        var meter = try meter()
        var engine = Engine()
        _ = look(&meter, [engine], 0)
        engine.end(100, quick: 60)
        engine.failed = 10
        #expect(look(&meter, [engine], 15)?.missed == 10 + 40)
        let between = [
            CumulativeBucket(upperBound: 1, count: 60), .init(upperBound: 3, count: 100), .init(upperBound: .infinity, count: 100),
        ]
        #expect(abs(shareAbove(2, between) - 0.2) < 1e-12 && shareAbove(1, between) == 0.4 && shareAbove(3, between) == 0)
        #expect(shareAbove(9, between) == 0 && shareAbove(0, between) == 1 && shareAbove(1, []) == 0)
        let endless = [CumulativeBucket(upperBound: 1, count: 4), .init(upperBound: .infinity, count: 10)]
        #expect(shareAbove(5, endless) == 0.6)
    }

    @Test("a replica that comes brings what it holds, one that goes takes nothing back, one that began anew counts anew")
    func churn() throws {
        var meter = try meter()
        var first = Engine(pod: "a", ended: 500, running: 10)
        // Long there, and only now seen.
        let second = Engine(pod: "b", ended: 90_000, running: 7, waiting: 1)
        _ = look(&meter, [first], 0)
        first.end(20)
        #expect(look(&meter, [first, second], 15)?.arrivals == 20 + 8)
        #expect(look(&meter, [second], 30)?.arrivals == 0)
        var anew = Engine(pod: "b", running: 7, waiting: 1)
        anew.end(5)
        #expect(look(&meter, [anew], 45)?.arrivals == 5)
        // A look that missed a replica is caught up with.
        #expect(look(&meter, [], 60)?.arrivals == nil)
        anew.end(6)
        #expect(look(&meter, [anew], 75)?.arrivals == 6)
    }

    @Test("what is absent is not known, and is not zero")
    func missing() throws {
        let figures: [(name: String, missing: (ServiceLoad) -> Bool)] = [
            ("num_requests_running", { $0.arrivals == nil && $0.running == nil }),
            ("num_requests_waiting", { $0.arrivals == nil && $0.waiting == nil }),
            ("request_success", { $0.finished == nil && $0.missed == nil }),
            ("request_prompt_tokens", { $0.prompts == nil && $0.finished == nil }),
            ("request_generation_tokens", { $0.finished == nil }),
            ("time_to_first_token_seconds", { $0.missed == nil && $0.finished != nil }),
        ]
        for (name, isMissing) in figures {
            var meter = try meter()
            var engine = Engine(running: 1)
            _ = look(&meter, [engine], 0, without: name)
            engine.end(10)
            let load = try #require(look(&meter, [engine], 15, without: name))
            #expect(isMissing(load), "\(name): \(load)")
        }
        var meter = try meter()
        _ = look(&meter, [Engine()], 0)
        let idle = try #require(look(&meter, [Engine()], 15))
        #expect(idle.arrivals == 0 && idle.finished?.count == 0 && idle.missed == 0 && idle.waiting == 0)
        #expect(LoadMeter(.llamacpp) == nil && LoadMeter(.dcgm) == nil)
    }

    @Test(
        "a gauge that is no number makes the number unknown, a counter that is none is passed over", arguments: [Double.nan, .infinity, -5])
    func notANumber(value: Double) throws {
        var meter = try meter()
        var engine = Engine(running: 3)
        _ = look(&meter, [engine], 0)
        engine.end(10)
        engine.waiting = value
        let load = try #require(look(&meter, [engine], 15))
        #expect(load.arrivals == nil && load.waiting == nil && load.finished?.count == 10)
        engine.waiting = 0
        var samples = engine.samples
        for series in samples.keys where series.labels["finished_reason"] == "stop" { samples[series] = value }
        #expect(meter.look(samples, at: at(30), limits: limits)?.arrivals == 0)
        engine.end(4)
        #expect(look(&meter, [engine], 45)?.arrivals == 4)
    }

    @Test("looks at the same samples again tell nothing")
    func again() throws {
        var meter = try meter()
        _ = look(&meter, [Engine()], 0)
        #expect(look(&meter, [Engine()], 0) == nil)
        #expect(look(&meter, [Engine()], 15)?.length == .seconds(15))
    }

    @Test("a page and a Prometheus server tell the same, and only who is asked")
    func sources() async throws {
        let names = try #require(try PresetQueries(.vllm, selector: ["model_name": "m"]).load)
        #expect(names.hasPrefix("{__name__=~\"vllm:") && names.contains("vllm:num_requests_running") && names.contains("model_name=\"m\""))
        #expect(try PresetQueries(.llamacpp).load == nil)
        var engine = Engine(ended: 5, running: 2)
        let first = engine
        engine.end(30)
        engine.running = 6
        let server = try Prometheus { $0.hasPrefix("time()") ? "1" : nil }
        let pod = try Pod()
        defer {
            server.stop()
            pod.stop()
        }
        let prometheus = PrometheusSource(name: "p", client: try server.client(), queries: try PresetQueries(.vllm))
        let scrape = ScrapeSource(name: "s", urls: [pod.url], preset: .vllm, transport: try HTTPClient())
        for (step, engine) in [first, engine].enumerated() {
            server.counters = engine.samples.map { series, value in
                let labels = series.labels.sorted { $0.key < $1.key }.map { ",\"\($0.key)\":\"\($0.value)\"" }.joined()
                return "{\"metric\":{\"__name__\":\"\(series.name)\"\(labels)},\"value\":[1,\"\(value)\"]}"
            }.joined(separator: ",")
            pod.page = engine.samples.map { series, value in
                let labels = series.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
                return "\(series.name){\(labels)} \(value)\n"
            }.joined()
            let request = DeliveryRequest(now: at(15 * step), questions: [], deadline: .seconds(600), loadLimits: limits)
            let (told, read) = (await prometheus.deliver(request).load, await scrape.deliver(request).load)
            guard step > 0 else { continue }
            #expect(told?.arrivals == 34 && told?.end == at(14) && told?.missed == 0)
            #expect(read?.arrivals == 34 && read?.end == at(15) && read?.finished == told?.finished)
        }
        let unasked = await scrape.deliver(DeliveryRequest(now: at(45), questions: [], deadline: .seconds(600)))
        #expect(unasked.load == nil)
    }
}
