import Foundation
import Telemetry
import TestSupport
import Testing

@Suite("Prometheus text format")
struct PrometheusTextTests {
    @Test("names, labels, escapes, values and times are read")
    func page() throws {
        let page = try parse(
            #"""
            # HELP requests_total Requests "so far" \\ and more
            # TYPE requests_total counter
            requests_total 3
            requests_total{path="C:\\dir \"x\"\nnext",code="2{0}0",} 4.5e2 1700000000123
            	spaced { a = "b" , c = "" }   -0
            ns:rule:sum NaN
            up +Inf
            down -Inf # {trace_id="a b"} 0.67
            hist_bucket{le="+Inf"} 7 # {trace_id="x"} 0.5 1700000000.5
            timed 1 1700000000.25
            free text comment is not a line
            """#.replacing("free text comment is not a line", with: "# free text") + "\n# EOF\nafter the end {"
        )
        #expect(page.types == ["requests_total": "counter"])
        let samples = page.samples
        #expect(samples[0] == .init(series: MetricSeries("requests_total"), value: 3))
        #expect(
            samples[1]
                == .init(
                    series: MetricSeries("requests_total", ["path": "C:\\dir \"x\"\nnext", "code": "2{0}0"]), value: 450,
                    milliseconds: 1_700_000_000_123))
        #expect(samples[2].series == MetricSeries("spaced", ["a": "b", "c": ""]))
        #expect(samples[3].value.isNaN && samples[4].value == .infinity && samples[5].value == -.infinity)
        #expect(samples[6] == .init(series: MetricSeries("hist_bucket", ["le": "+Inf"]), value: 7))
        #expect(samples[7].milliseconds == 1_700_000_000_250)
        #expect(samples.count == 8)
    }

    @Test(
        "a bad line is refused with its number",
        arguments: [
            ("ok 1\n{a=\"b\"} 1", 2, "the name of a metric"), ("x{a=b} 1", 1, "expected '\"'"), ("x{a=\"b} 1", 1, "does not end"),
            ("x{a=\"b\" c=\"d\"} 1", 1, "',' or '}'"), ("x{a=\"1\",a=\"2\"} 1", 1, "twice"), ("x", 1, "a number"),
            ("x 0x10", 1, "a number"),
            ("x 1 soon", 1, "a time"), ("x 1 2 3", 1, "nothing after"), ("x 1_000", 1, "a number"), ("x{a=\"b\\", 1, "does not end"),
            ("1x 2", 1, "the name of a metric"), ("x{le:a=\"1\"} 1", 1, "expected '='"),
        ])
    func badLine(page: String, line: Int, words: String) {
        let error = #expect(throws: ExpositionError.self) { try parse(page) }
        #expect(error?.line == line)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test("what has no end is refused at the bound")
    func bounds() {
        var limits = ExpositionLimits()
        limits.lineBytes = 100
        limits.series = 3
        limits.labels = 2
        limits.bytes = 1_000
        for page in [
            "x{a=\"" + String(repeating: "y", count: 200), (0..<5).map { "x\($0) 1" }.joined(separator: "\n"), "x{a=\"\",b=\"\",c=\"\"} 1",
            String(repeating: "# comment\n", count: 200),
        ] {
            #expect(throws: ExpositionError.self) { try PrometheusText.parse(Array(page.utf8), limits: limits) }
        }
    }

    @Test("no cut of a page traps")
    func anyPrefix() throws {
        let page = Array("a{b=\"c\\n\",d=\"e\"} 1.5 1700 # {x=\"y\"} 2\r\n# TYPE a gauge\n".utf8)
        var refused = 0
        for end in 0...page.count {
            do { _ = try PrometheusText.parse(Array(page[..<end])) } catch { refused += 1 }
        }
        #expect(refused > 10 && refused < page.count)
    }

    @Test("the page of a real vLLM holds what it counted", .enabled(if: SharedData.isPresent))
    func realPage() throws {
        let data = try Data(contentsOf: URL(filePath: SharedData.path("samples/engine_metrics/vllm-0.32.0-cpu_metrics_after_171req.prom")))
        let page = try PrometheusText.parse(Array(data))
        let first = page.samples.filter { $0.series.name == "vllm:time_to_first_token_seconds_bucket" }
        let buckets = first.map {
            CumulativeBucket(upperBound: $0.series.labels["le"] == "+Inf" ? .infinity : Double($0.series.labels["le"]!)!, count: $0.value)
        }
        #expect(page.samples.first { $0.series.name == "vllm:time_to_first_token_seconds_count" }?.value == 171)
        #expect(buckets.max { $0.upperBound < $1.upperBound }?.count == 171)
        let median = histogramQuantile(0.5, buckets)
        #expect(median > 0 && median < 1)
        #expect(page.types["vllm:kv_cache_usage_perc"] == "gauge")
    }

    private func parse(_ text: String) throws -> Exposition { try PrometheusText.parse(Array(text.utf8)) }
}
