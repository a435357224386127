import Foundation
import Policies
import Testing

@testable import PolicyFiles

@Suite struct ShippedPolicyTests {
    static let names = [
        "batch-throughput", "cost-saver-night", "gateway-error-guard", "llamacpp-slots", "load-test-cost", "load-test-review",
        "load-test-throughput", "sglang-long-context",
        "vllm-chat-latency", "vllm-planned-replicas", "vllm-tuned-engine",
    ]

    @Test("every policy of the folder is known to these tests")
    func complete() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: RepositoryFiles.policies.path())
        let policies = files.filter { $0.hasSuffix(".yaml") && !$0.hasSuffix(".test.yaml") }.map { String($0.dropLast(5)) }
        #expect(policies.sorted() == Self.names)
        #expect(files.count { $0.hasSuffix(".test.yaml") } == Self.names.count)
    }

    @Test("is valid and gives no reason for a warning", arguments: names)
    func valid(name: String) throws {
        let parse = parsePolicies(try RepositoryFiles.text("policies/\(name).yaml"), file: "policies/\(name).yaml")
        #expect(parse.report == "")
        #expect(parse.policies.map(\.name) == [name])
    }

    @Test("passes its own tests", arguments: names)
    func passes(name: String) throws {
        let file = "policies/\(name).test.yaml"
        let report = runPolicyTests(Array(try RepositoryFiles.text(file).utf8), file: file) { Array(try RepositoryFiles.text($0).utf8) }
        #expect(report.isPassed, "\(report.text)")
        #expect(report.results.count >= 3)
    }

    @Test("no two of them share a target or a name")
    func together() throws {
        let parses = try Self.names.map { parsePolicies(try RepositoryFiles.text("policies/\($0).yaml"), file: $0) }
        #expect(lintTogether(parses).map(\.description) == [])
    }
}
