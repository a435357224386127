import Foundation
import KubernetesTestSupport
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
}
