import Control
import Foundation
import Measurements
import Policies
import TestSupport
import Testing

@testable import Reporting

@Suite struct ReportTests {
    static let names = SampleReports.all.map(\.name)

    static func report(_ name: String) throws -> RecommendationReport {
        try #require(SampleReports.all.first { $0.name == name }).report
    }

    @Test("reads as it should on a terminal", arguments: names)
    func text(name: String) throws {
        try expectGolden(try Self.report(name).text(TextStyle(isColoured: false)), "\(name).txt")
    }

    @Test("is the same JSON every time", arguments: names)
    func json(name: String) throws {
        try expectGolden(try Self.report(name).json(), "\(name).json")
    }

    @Test(
        "is valid under the performance feedback schema",
        .enabled(if: SharedData.isPresent && Python.has("jsonschema"), "needs ../shared and python3 with jsonschema"), arguments: names)
    func schema(name: String) throws {
        let script = """
            import json, sys, jsonschema
            schema = json.load(open(\(quoted(SharedData.path("spec/performance-feedback.schema.json")))))
            jsonschema.validate(json.load(sys.stdin), schema, cls=jsonschema.Draft7Validator, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
            """
        try Python.run(script, input: try Self.report(name).json())
    }

    private func quoted(_ path: String) -> String { "'" + path.replacingOccurrences(of: "'", with: "\\'") + "'" }

    @Test("what is not known is left out of the JSON, not zero")
    func missing() throws {
        let document = try #require(try JSONSerialization.jsonObject(with: Data(try SampleReports.undecided.json().utf8)) as? [String: Any])
        let metrics = try #require(document["performance_metrics"] as? [String: Any])
        let latency = try #require(metrics["latency_analysis"] as? [String: Any])
        #expect(latency["ttft_p95_ms"] == nil && latency["tpot_p50_ms"] == nil)
        #expect(latency["ttft_p50_ms"] as? Double == 700)
        let compliance = try #require(metrics["sla_compliance"] as? [String: Any])
        #expect(compliance["latency_sla_met"] == nil && compliance["violations_count"] == nil)
    }

    @Test("each recommendation has its patch and the one that undoes it, or the cure")
    func patches() throws {
        let report = SampleReports.recommending
        let document = try #require(try JSONSerialization.jsonObject(with: Data(try report.json().utf8)) as? [String: Any])
        let recommendations = try #require(document["recommendations"] as? [[String: Any]])
        #expect(recommendations.count == report.decision.recommendations.count && !recommendations.isEmpty)
        for recommendation in recommendations {
            let patch = recommendation["kubernetes_patch"] as? [String: Any]
            let inverse = recommendation["kubernetes_inverse_patch"] as? [String: Any]
            #expect((patch?["body"] as? String != nil && inverse?["body"] as? String != nil) || recommendation["no_patch_reason"] != nil)
        }
    }

    @Test("colour is there only when it was asked for")
    func colour() throws {
        #expect(!SampleReports.recommending.text(TextStyle(isColoured: false)).contains("\u{1B}"))
        #expect(SampleReports.recommending.text(TextStyle(isColoured: true)).contains("\u{1B}[1m"))
    }

    @Test("no line is wider than the terminal but commands", arguments: names, [60, 80, 120])
    func width(name: String, columns: Int) throws {
        let lines = try Self.report(name).text(TextStyle(isColoured: false, width: columns)).split(separator: "\n")
        for line in lines where !line.contains("kubectl ") { #expect(line.count <= columns, "\(line)") }
    }

    @Test("a terminal obeys nothing that a file or a server wrote")
    func hostileNames() {
        let hostile = "a\u{1B}[2Jb\u{9B}c\u{202E}d\ne"
        var report = SampleReports.report(model: hostile, error: hostile, source: hostile, warning: hostile)
        #expect(report.text(TextStyle(isColoured: false)).contains("a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d e"))
        report = SampleReports.report(source: hostile, knob: "slots\u{1B}[2J")
        let text = report.text(TextStyle(isColoured: true))
        let sequences = text.matches(of: /\u{1B}\[([0-9]*)([A-Za-z])/)
        #expect(!sequences.isEmpty && sequences.allSatisfy { $0.2 == "m" })
        let seen: Set<Unicode.GeneralCategory> = [.control, .format]
        let marks = text.unicodeScalars.filter { seen.contains($0.properties.generalCategory) && $0 != "\n" && $0 != "\u{1B}" }
        #expect(marks.isEmpty)
    }

    @Test("devices of a replica are told where a knob tells them")
    func devices() throws {
        var policy = SampleReports.policy
        policy.knobs[2] = Knob(
            name: "maxNumBatchedTokens", domain: .range(min: 1, max: 4_096, step: 1),
            place: .resource(container: "vllm", resource: "nvidia.com/gpu"), role: .tensorParallel)
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(try SampleReports.report(policy).json().utf8)) as? [String: Any])
        let deployment = (document["current_state"] as? [String: Any])?["deployment_config"] as? [String: Any]
        #expect(deployment?["gpu_allocation"] as? String == "2048 nvidia.com/gpu" && deployment?["replica_count"] as? Int == 2)
    }
}
