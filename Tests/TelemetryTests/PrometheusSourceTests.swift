import Control
import Documents
import Foundation
import Measurements
import Policies
import Statistics
import Telemetry
import TestSupport
import Testing
import Transport

@Suite("Prometheus as a source")
struct PrometheusSourceTests {
    @Test("answers questions with value, samples and age; what matches nothing is not answered, and is not zero")
    func readings() async throws {
        let server = try Prometheus { query in
            if query.hasPrefix("histogram_quantile(0.95") { return "0.42" }
            if query.contains("time() - max(timestamp") { return "7.5" }
            if query.contains("increase(vllm:time_to_first_token_seconds_count") { return "120.4" }
            if query.contains("kv_cache_usage_perc") { return "NaN" }
            if query == "sum(gateway_errors)" { return "0" }
            return nil
        }
        defer { server.stop() }
        let source = PrometheusSource(
            name: "engine", client: try server.client(), queries: try PresetQueries(.named("vllm")!),
            own: ["errorRate": "sum(gateway_errors)"])
        let delivery = await source.deliver(
            request([
                .latency(.timeToFirstToken, .percentile(.p95)), .throughput, .utilization(.keyValueCache), .errorRate, .consecutiveFailures,
            ]))
        #expect(delivery.faults == [])
        #expect(
            delivery.readings == [
                reading(.latency(.timeToFirstToken, .percentile(.p95)), .value(.init(0.42, samples: 120, age: .seconds(7.5)))),
                reading(.utilization(.keyValueCache), .unknown(.notFinite(count: 1))), reading(.errorRate, .value(.init(0, samples: nil))),
            ])
    }

    @Test("a mean of no requests is too few samples, an infinity is no figure")
    func noTraffic() async throws {
        let server = try Prometheus { query in
            if query.hasPrefix("sum(increase(") { return "0" }
            if query.contains("first_token") { return "NaN" }
            return query.contains("e2e_request") ? "+Inf" : nil
        }
        defer { server.stop() }
        let source = PrometheusSource(name: "engine", client: try server.client(), queries: try PresetQueries(.named("vllm")!))
        let delivery = await source.deliver(request([.latency(.timeToFirstToken, .mean), .latency(.endToEnd, .mean)]))
        #expect(delivery.readings.map(\.reading) == [.unknown(.tooFewSamples(have: 0, need: 1)), .unknown(.notFinite(count: 1))])
    }

    @Test("the secret is sent, read anew each time, and is in no fault")
    func secret() async throws {
        let server = try Prometheus { _ in nil }
        defer { server.stop() }
        let file = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }  // A leftover temporary file harms nothing.
        let source = PrometheusSource(
            name: "engine", client: try server.client(.bearer(.file(file))), queries: nil, own: ["errorRate": "up"])
        let missing = await source.deliver(request([.errorRate]))
        #expect(missing.faults.count == 1 && missing.faults[0].contains("the file \(file) holds no key"), "\(missing.faults)")
        try "geheim-1\n".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(await source.deliver(request([.errorRate])).faults == [])
        try "geheim-2".write(toFile: file, atomically: true, encoding: .utf8)
        server.status = 401
        let refused = await source.deliver(request([.errorRate]))
        #expect(server.loopback.record.requests.map { $0.header("authorization") } == ["Bearer geheim-1", "Bearer geheim-2"])
        #expect(refused.faults.count == 1 && !refused.faults[0].contains("geheim") && refused.faults[0].contains("401"))
    }

    @Test("user and password go as basic authentication")
    func basic() throws {
        let login = ServerCredential.basic(user: "reader", .environment("PROMETHEUS_PASSWORD"))
        #expect(try login.authorization(environment: ["PROMETHEUS_PASSWORD": " open sesame "]) == "Basic cmVhZGVyOm9wZW4gc2VzYW1l")
        #expect(throws: SecretMissing.self) { try login.authorization(environment: ["PROMETHEUS_PASSWORD": "two\nlines"]) }
    }

    @Test("nobody there is one fault that names the address without its password, and nothing is known")
    func unreachable() async throws {
        let server = try LoopbackServer { _, _ in }
        let port = server.port
        server.stop()
        let client = PromQLClient(url: "http://user:geheim@127.0.0.1:\(port)", transport: try HTTPClient())
        let source = PrometheusSource(name: "engine", client: client, queries: try PresetQueries(.named("vllm")!))
        let delivery = await source.deliver(request([.throughput, .queueDepth]))
        #expect(delivery.readings == [] && delivery.blocks == [])
        #expect(delivery.faults.count == 1)
        #expect(
            delivery.faults[0].hasPrefix("Prometheus at http://127.0.0.1:\(port) did not answer 5 of 5 queries: "), "\(delivery.faults)")
    }

    @Test("what replicas counted between two samples of the server is a block, over a restart of one of them")
    func block() async throws {
        let server = try Prometheus { query in query.hasPrefix("time()") ? "2" : nil }
        defer { server.stop() }
        let source = PrometheusSource(name: "engine", client: try server.client(), queries: try PresetQueries(.named("vllm")!))
        server.counters = [Self.replica("a", requests: 100, seconds: 20), Self.replica("b", requests: 1_000, seconds: 500)].joined(
            separator: ",")
        #expect(await source.deliver(request([], at: 0)).blocks == [])
        #expect(await source.deliver(request([], at: 0.5)).blocks == [], "the server has not looked again")
        server.counters = [Self.replica("a", requests: 110, seconds: 21), Self.replica("b", requests: 6, seconds: 3)].joined(separator: ",")
        let block = try #require(await source.deliver(request([], at: 15)).blocks.first)
        #expect(block.requests == 16 && block.failed == 0)
        #expect(block.start == Timestamp(secondsSinceEpoch: 998) && block.length == .seconds(15))
        let mean = try #require(block.logTimeToFirstToken)
        #expect(mean.count == 16 && abs(exp(mean.mean) - 4.0 / 16) < 1e-12)
        #expect(block.outputTokens == 10)
    }

    private static func replica(_ pod: String, requests: Int, seconds: Double) -> String {
        [
            ("vllm:request_success_total", #","finished_reason":"stop""#, "\(requests)"),
            ("vllm:request_success_total", #","finished_reason":"error""#, "0"),
            ("vllm:request_success_total", #","finished_reason":"abort""#, "\(requests * 7)"),
            ("vllm:time_to_first_token_seconds_sum", "", "\(seconds)"), ("vllm:time_to_first_token_seconds_count", "", "\(requests)"),
            ("vllm:generation_tokens_total", "", "\(requests * 10)"),
        ].map { #"{"metric":{"__name__":"\#($0.0)","pod":"\#(pod)"\#($0.1)},"value":[1700000000.5,"\#($0.2)"]}"# }.joined(separator: ",")
    }

    /// With a deadline that a busy machine does not reach: these tests are of what is answered, not of when.
    private func request(_ queries: [MetricQuery], at seconds: Double = 0) -> DeliveryRequest {
        DeliveryRequest(
            now: Timestamp(secondsSinceEpoch: 1_000 + seconds), questions: queries.map { PolicyQuestion($0, over: .seconds(300)) },
            deadline: .seconds(600))
    }

    private func reading(_ query: MetricQuery, _ reading: Reading) -> RecordedReading {
        RecordedReading(query: query, window: .seconds(300), reading: reading)
    }
}

@Suite("Answers of Prometheus")
struct PromQLResultTests {
    @Test("vectors and scalars with NaN and infinities are read, and warnings")
    func results() throws {
        let vector = try result(
            #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1.5,"2"]},{"metric":{},"value":[1.5,"+Inf"]}]},"warnings":["partial"]}"#
        )
        #expect(vector.series == [.init(labels: ["a": "b"], time: 1.5, value: 2), .init(time: 1.5, value: .infinity)])
        #expect(vector.value(.sum) == .infinity && vector.value(.maximum) == .infinity && vector.warnings == ["partial"])
        #expect(try result(#"{"status":"success","data":{"resultType":"scalar","result":[1,"-Inf"]}}"#).value() == -.infinity)
        #expect(try result(#"{"status":"success","data":{"resultType":"vector","result":[]}}"#).value() == nil)
        let withNaN = try result(
            #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]},{"metric":{},"value":[1,"3"]}]}}"#
        )
        #expect(withNaN.value(.sum)?.isNaN == true && withNaN.value(.maximum)?.isNaN == true)
    }

    @Test(
        "what is no answer of Prometheus is said to be none",
        arguments: [
            "", "<html>", "{}", "[]", #"{"status":"success"}"#, #"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
            #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1]}]}}"#,
            #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":["x","1"]}]}}"#,
            #"{"status":"success","data":{"resultType":"scalar","result":[1,"a lot"]}}"#,
        ])
    func garbage(body: String) {
        #expect(throws: PromQLError.self) { try result(body) }
    }

    @Test("an error keeps its kind and words")
    func refused() {
        #expect(throws: PromQLError.refused(status: 422, type: "execution", message: "many-to-many matching")) {
            try PromQLResult(
                status: 422, body: Array(#"{"status":"error","errorType":"execution","error":"many-to-many matching"}"#.utf8))
        }
        #expect(throws: PromQLError.refused(status: 502, type: "http", message: "the body is not JSON")) {
            try PromQLResult(status: 502, body: Array("Bad gateway".utf8))
        }
    }

    private func result(_ body: String) throws -> PromQLResult { try PromQLResult(status: 200, body: Array(body.utf8)) }
}
