import Foundation
import Measurements
import Testing

@testable import BenchmarkFormats

@Suite struct MonitoringTests {
    @Test("a request is a point with its tags, fields and time")
    func point() {
        let line = InfluxLines.line(SampleRuns.record(1), stage: "8 users", startedAt: SampleRuns.startedAt)
        #expect(
            line
                == #"llm_latency_lens,endpoint=http://localhost:8000/v1,model=llama-3.1-8b,provider=vllm,scenario=default,stage=8\ users,status=success "#
                + "ttft_seconds=0.16775,ttft_as_sent_seconds=0.16575,tpot_seconds=0.02,e2e_seconds=0.34875,e2e_as_sent_seconds=0.34675,"
                + "schedule_lag_seconds=0.002,input_tokens=151i,output_tokens=10i,attempts=1i,"
                + #"id="00000000-0000-4000-8000-000000000001" 1795255200102000000"#)
    }

    @Test("hostile names neither end a point nor add a field, and secrets of an address are not in it")
    func hostilePoint() {
        let text = InfluxLines.file(SampleRuns.hostile).text
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
        #expect(text.contains(#"model=a\,"b"\ \=\ <script>alert('1')</script>"#))
        #expect(!text.contains("\u{1B}") && !text.contains("secretword"))
        #expect(!text.contains("tpot_seconds"), "what is not finite has no form in the protocol")
        #expect(text.hasSuffix(" \(SampleRuns.startedAt.advanced(by: Nanoseconds(milliseconds: 2)).nanosecondsSinceEpoch)\n"))
    }

    @Test("histograms count what lies at or below each bound, and the rest under +Inf")
    func histogram() throws {
        let text = PrometheusText.text(SampleRuns.plain)
        let labels = #"{model="llama-3.1-8b",provider="vllm",endpoint="http://localhost:8000/v1""#
        let name = "llm_latency_lens_time_to_first_token_seconds"
        let values = SampleRuns.plain.stages[0].measuredRecords.filter(\.measurement.succeeded).compactMap {
            $0.scheduledTimeToFirstToken?.seconds
        }
        #expect(text.contains("# TYPE \(name) histogram\n"))
        #expect(text.contains("\(name)_bucket\(labels),le=\"0.1\"} \(values.count { $0 <= 0.1 })\n"))
        #expect(text.contains("\(name)_bucket\(labels),le=\"0.25\"} \(values.count)\n"))
        #expect(text.contains("\(name)_bucket\(labels),le=\"+Inf\"} 396\n") && text.contains("\(name)_count\(labels)} 396\n"))
        #expect(text.contains(#"llm_latency_lens_requests_failed_total{model="llama-3.1-8b",provider="vllm",error_type="http_429"} 4"#))
        #expect(text.contains("llm_latency_lens_requests_total\(labels)} 400\n"))
        #expect(text.contains(#"llm_latency_lens_request_duration_seconds_count\#(labels),status="error"} 4"#))
        #expect(text.contains(#"llm_latency_lens_tokens_per_second{model="llama-3.1-8b",provider="vllm",token_type="output"} 96."#))
    }

    @Test("every line of the exposition is a comment or a sample, whatever the names", arguments: [SampleRuns.plain, SampleRuns.hostile])
    func exposition(run: BenchmarkRun) {
        let text = PrometheusText.text(run)
        #expect(text.hasSuffix("\n") && !text.contains("secretword"))
        let sample = /[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)+\})? [0-9.e+-]+/
        for line in text.split(separator: "\n") where !line.hasPrefix("# ") { #expect(line.wholeMatch(of: sample) != nil, "\(line)") }
    }

    @Test("a run without requests has no metric")
    func empty() {
        #expect(PrometheusText.text(SampleRuns.empty).isEmpty && InfluxLines.file(SampleRuns.empty).bytes.isEmpty)
    }
}
