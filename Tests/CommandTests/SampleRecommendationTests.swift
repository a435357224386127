import Control
import Foundation
import Importing
import Learning
import Measurements
import Policies
import TestSupport
import Testing

@testable import Command

/// Real result files of other tools, decided on with shipped policies.
@Suite(.enabled(if: SharedData.isPresent, "needs ../shared")) struct SampleRecommendationTests {
    static func run(_ policy: String, _ files: [String], current: [String] = []) throws -> DryRun {
        let root = CommandLineRun.repository.path
        let policy = try PolicyReading.policy(file: "\(root)/policies/\(policy).yaml", name: nil)
        let reader = EvidenceReader(policy: policy, options: ImportOptions(), run: nil)
        let evidence = try reader.read(files.map { SharedData.path("samples/\($0)") })
        let state = try CurrentSettings(policy: policy, given: current, manifest: TargetState()).state()
        return DryRun(
            policy: policy, evidence: evidence, state: state, history: ControlHistory(),
            now: Timestamp(nanosecondsSinceEpoch: 1_795_000_000_000_000_000))
    }

    /// Changes that are recommended, best first, e.g. `replicas 1->2`.
    static func changes(_ run: DryRun) -> [String] {
        run.decision.recommendations.map { "\($0.candidate.knob) \($0.candidate.from)->\($0.candidate.to)" }
    }

    @Test("a full vLLM gets capacity for its first token, by the policy that reviews latency")
    func latency() throws {
        let run = try Self.run("load-test-review", ["vllm_bench/real_vllm_c32.json"], current: ["replicas=1", "maxNumSeqs=32"])
        #expect(run.decision.outcome == .recommend)
        #expect(Self.changes(run).first == "replicas 1->2")
        #expect(run.decision.objectives.contains { $0.name == "ttft p95 ≤ 150 ms" && $0.met == false })
        let rationale = try #require(run.decision.recommendations.first).rationale
        #expect(rationale.contains("ttft p95 is 32.9 % above its limit") && rationale.contains("90 % interval"), "\(rationale)")
    }

    @Test("the same run gets larger batches, by the policy that wants tokens")
    func throughput() throws {
        let run = try Self.run("load-test-throughput", ["vllm_bench/real_vllm_c32.json"], current: ["maxNumSeqs=32"])
        #expect(run.decision.outcome == .recommend)
        #expect(Self.changes(run).contains("maxNumSeqs 32->64"))
        #expect(!Self.changes(run).contains { $0.hasPrefix("replicas") })
    }

    @Test("an idle engine gives replicas back, by the policy that counts cost")
    func cost() throws {
        let run = try Self.run("load-test-cost", ["aiperf/concurrent8_httptrace/profile_export.jsonl"], current: ["replicas=3"])
        #expect(Self.changes(run).first == "replicas 3->2")
        #expect(try #require(run.decision.recommendations.first).rationale.contains("cost −33 %"))
    }

    @Test(
        "healthy results need no change, and the reason has the figures",
        arguments: [
            "aiperf/concurrent8_httptrace/profile_export.jsonl", "guidellm/concurrent8.json", "sglang_bench/py_concurrency8_details.jsonl",
            "vllm_bench/concurrency8_detailed.json",
        ])
    func healthy(file: String) throws {
        let run = try Self.run("load-test-review", [file])
        #expect(run.decision.outcome == .nothingToDo)
        #expect(run.decision.reasons.first == "Nothing needs to change: no trigger fires and no limit is missed.")
        #expect(run.decision.objectives.filter { $0.kind == .latency }.allSatisfy { $0.met == true })
    }

    @Test("errors that no replica cures get no replica")
    func errors() throws {
        let run = try Self.run("load-test-review", ["guidellm/poisson15_errors.json"])
        #expect(run.decision.outcome == .hold)
        #expect(run.decision.reasons[0].contains("error rate 20 % > 1 %"))
        #expect(run.decision.excluded.contains { $0.knob == "replicas" && $0.reason == .noRule })
    }

    @Test("a report without P95 leaves a P95 trigger undecided")
    func undecided() throws {
        let run = try Self.run("load-test-review", ["vllm_bench/poisson15_default.json"])
        #expect(run.decision.triggers.first { $0.name == "slow-first-token" }?.outcome.label == "unknown")
        #expect(run.decision.reasons[0].hasPrefix("No trigger fires, but not every limit is known: ttft p95"))
        #expect(run.decision.reasons.contains { $0.contains("it holds mean, p50, p99") }, "\(run.decision.reasons)")
    }

    @Test("the bundled results of a full llama.cpp ask for slots, the healthy ones for nothing")
    func bundled() throws {
        let policy = try PolicyReading.policy(file: "\(CommandLineRun.repository.path)/policies/llamacpp-slots.yaml", name: nil)
        func decide(_ file: String, slots: Int) throws -> DryRun {
            let evidence = try EvidenceReader(policy: policy, options: ImportOptions(strict: true), run: nil)
                .read(["\(CommandLineRun.repository.path)/Examples/results/\(file)"])
            let state = try CurrentSettings(policy: policy, given: ["slots=\(slots)"], manifest: TargetState()).state()
            return DryRun(
                policy: policy, evidence: evidence, state: state, history: ControlHistory(), now: Timestamp(nanosecondsSinceEpoch: 0))
        }
        let overloaded = try decide("chat-overloaded.jsonl", slots: 2)
        #expect(Self.changes(overloaded) == ["slots 2->4"])
        #expect(try decide("chat-healthy.jsonl", slots: 8).decision.outcome == .nothingToDo)
    }
}
