import Control
import Measurements
import Policies
import Statistics
import Telemetry
import TestSupport
import Testing

@Suite("Queries of presets")
struct PresetQueriesTests {
    static let questions: [PolicyQuestion] =
        LatencyMetric.allCases.flatMap { metric in
            [
                PolicyQuestion(.latency(metric, .percentile(.p95)), over: .seconds(300)),
                PolicyQuestion(.latency(metric, .mean), over: .seconds(90)),
            ]
        }
        + [.throughput, .tokensPerSecond, .errorRate, .queueDepth, .utilization(.gpu), .utilization(.memory), .utilization(.keyValueCache)]
        .map { PolicyQuestion($0, over: .seconds(300)) }

    @Test("each question has its PromQL", arguments: EnginePreset.all)
    func golden(preset: EnginePreset) throws {
        let queries = try PresetQueries(preset, selector: ["model_name": "llama", "namespace": "llm"])
        var text = ""
        for question in Self.questions {
            guard let query = queries.query(for: question) else { continue }
            text += "\(question.query)\n  \(query)\n"
            if let samples = queries.samples(for: question) { text += "  samples: \(samples)\n" }
        }
        text += "age\n  \(queries.age ?? "none")\ncounters\n  \(queries.counters ?? "none")\n"
        try expectGolden(text, "\(preset.name).txt")
    }

    @Test("a value of a selector stays a value, whatever is in it")
    func injection() throws {
        let queries = try PresetQueries(.named("vllm")!, selector: ["model_name": "a\"} or up{x=\"\\\n"])
        let query = try #require(queries.query(for: PolicyQuestion(.tokensPerSecond, over: .seconds(60))))
        #expect(query == #"sum(rate(vllm:generation_tokens_total{model_name="a\"} or up{x=\"\\\n"}[1m]))"#)
    }

    @Test("a key of a selector that is no label name is refused", arguments: ["model-name", "1x", "", "a=\"b\",c", "größe"])
    func badKey(key: String) {
        #expect(throws: InvalidSelector(label: key)) { try PresetQueries(.named("vllm")!, selector: [key: "x"]) }
    }

    @Test("windows are written in one unit", arguments: [(1.5, "1500ms"), (90, "90s"), (300, "5m"), (7200, "2h"), (86_400, "1d")])
    func windows(seconds: Double, text: String) throws {
        let queries = try PresetQueries(.named("vllm")!)
        let question = PolicyQuestion(.tokensPerSecond, over: .seconds(fractional: seconds))
        #expect(queries.query(for: question) == "sum(rate(vllm:generation_tokens_total[\(text)]))")
    }
}
