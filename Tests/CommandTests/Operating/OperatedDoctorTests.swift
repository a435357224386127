import Foundation
import KubernetesTestSupport
import Synchronization
import TestSupport
import Testing

/// What `doctor` says of a policy whose target is in a cluster.
@Suite("The doctor's findings") struct OperatedDoctorTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func examine(_ target: OperatedCluster, patience: Int = 60) async throws -> (status: Int32?, output: String, errors: String) {
        let policy = try folder.write(target.engine.policy("chat", target: OperatedCluster.target), to: "chat.yaml")
        let doctor = try OperatedProcess(
            ["doctor", "--policy", policy, "--kubeconfig", target.kubeconfig, "--patience", "\(patience)"], folder: folder)
        let status = await doctor.status(within: .seconds(90))
        return (status, doctor.output, doctor.errors)
    }

    @Test("everything in order is a line each, and exit code 0")
    func healthy() async throws {
        let target = try OperatedCluster(folder: folder, firstToken: { _ in 5 })
        let found = try await examine(target)
        #expect(found.status == 0, "\(found.output)")
        let text = found.output.replacing(target.api.url, with: "http://API").replacing(target.engine.server.url, with: "http://ENGINE")
            .replacing(/\d+ measured requests/, with: "N measured requests")
        try expectGolden(text, "doctor.txt", testFile: CommandLineRun.repository.path + "/Tests/CommandTests/x")
        #expect(target.cluster.writes.allSatisfy { $0.user != "controller" }, "it changes nothing")
    }

    @Test("a missing right is told with the rule that grants it")
    func noRight() async throws {
        let rules = try OperatedCluster.deployedRules().filter { !$0.resources.contains("deployments/scale") }
        let found = try await examine(try OperatedCluster(folder: folder, rules: rules, firstToken: { _ in 5 }))
        #expect(found.status == 1)
        #expect(found.output.contains("FAILED  right to patch deployments/scale chat"), "\(found.output)")
        #expect(found.output.contains("cure: Add to a Role in namespace llm:") && found.output.contains("verbs: [patch]"))
    }

    @Test("an autoscaler of the same replicas is named")
    func autoscaler() async throws {
        let target = try OperatedCluster(folder: folder, firstToken: { _ in 5 })
        try target.seed(
            "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: auto, namespace: llm}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}, maxReplicas: 4}}"
        )
        let found = try await examine(target)
        #expect(found.status == 1)
        #expect(found.output.contains("FAILED  other controllers of replicas: HorizontalPodAutoscaler llm/auto"), "\(found.output)")
    }

    @Test("a source that answers nothing is told with what it answered and what to check")
    func silent() async throws {
        let target = try OperatedCluster(folder: folder, keys: ["another-key"])
        let found = try await examine(target, patience: 2)
        #expect(found.status == 1)
        #expect(found.output.contains("FAILED  source black-box: delivered nothing fresh within 2s"), "\(found.output)")
        #expect(found.output.contains("401") && found.output.contains("cure: check its address, key and labels"), "\(found.output)")
    }

    @Test(
        "whether replicas can be planned is told, and what is not known for it",
        arguments: [
            ("", 0, "ok      plan: source 'engine' tells the load: "),
            ("vllm:num_requests_waiting", 1, "FAILED  plan: not known: how many requests come, how many requests wait"),
            (
                "vllm:request_prompt", 1,
                "FAILED  plan: not known: how long their prompts are, what the answers are like, how many answers are late"
            ),
        ])
    func planned(without dropped: String, status: Int32, words: String) async throws {
        let looks = Mutex(0)
        let server = try LoopbackServer { _, writer in
            let count = looks.withLock { looks in
                looks += 10
                return looks
            }
            let lines = Self.page(answered: count).split(separator: "\n").filter { dropped.isEmpty || !$0.hasPrefix(dropped) }
            try writer.answer(200, lines.joined(separator: "\n") + "\n")
        }
        defer { server.stop() }
        let policy = try folder.write(Self.plannedPolicy(server.url), to: "planned.yaml")
        let doctor = try OperatedProcess(["doctor", "--policy", policy, "--patience", "\(status == 0 ? 60 : 2)"], folder: folder)
        let found = await doctor.status(within: .seconds(90))
        #expect(found == status, "\(doctor.output) \(doctor.errors)")
        #expect(doctor.output.contains(words), "\(doctor.output)")
    }

    /// What vLLM tells once so many requests were answered in time.
    private static func page(answered: Int) -> String {
        """
        vllm:request_success_total{finished_reason="stop"} \(answered)
        vllm:request_success_total{finished_reason="error"} 0
        vllm:num_requests_running 2
        vllm:num_requests_waiting 0
        vllm:request_prompt_tokens_sum \(answered * 1_000)
        vllm:request_prompt_tokens_count \(answered)
        vllm:request_generation_tokens_sum \(answered * 200)
        vllm:request_generation_tokens_count \(answered)
        vllm:prompt_tokens_cached_total 0
        vllm:time_to_first_token_seconds_sum \(answered)
        vllm:time_to_first_token_seconds_count \(answered)
        vllm:time_to_first_token_seconds_bucket{le="2.5"} \(answered)
        vllm:time_to_first_token_seconds_bucket{le="+Inf"} \(answered)
        vllm:request_time_per_output_token_seconds_sum \(Double(answered) * 0.03)
        vllm:request_time_per_output_token_seconds_count \(answered)
        vllm:request_time_per_output_token_seconds_bucket{le="0.05"} \(answered)
        vllm:request_time_per_output_token_seconds_bucket{le="+Inf"} \(answered)
        """
    }

    private static func plannedPolicy(_ url: String) -> String {
        """
        apiVersion: llm-devops.io/v1alpha1
        kind: OptimizationPolicy
        metadata: {name: planned}
        spec:
          target: none
          objective: {ttft: {p99: 2500ms}, tpot: {mean: 50ms}, attainment: 99%}
          monitor:
            interval: 1s
            sources:
            - {name: engine, scrape: {url: "\(url)/metrics", preset: vllm}}
          knobs:
            replicas: {min: 1, max: 4, plan: {profile: L7-H100}}
        """
    }
}
