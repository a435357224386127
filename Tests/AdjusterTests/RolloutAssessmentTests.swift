import Control
import Documents
import FoundationEssentials
import Kubernetes
import TestSupport
import Testing

@Suite("How far a workload has got")
struct RolloutAssessmentTests {
    static func rollout(_ object: String, pods: [String] = []) throws -> TargetObservation.Rollout {
        RolloutAssessment(
            try YAMLDocument.parseAll(object)[0].value, pods: try pods.map { try YAMLDocument.parseAll($0)[0].value }
        ).rollout
    }

    static func deployment(_ spec: String, _ status: String, generation: Int = 3) -> String {
        """
        {kind: Deployment, metadata: {name: chat, namespace: llm, generation: \(generation)}, spec: {\(spec), template: {metadata: {labels: {app: chat}}, spec: {
          containers: [{name: vllm, image: v2, args: [--max-num-seqs=64]}]}}}, status: {\(status)}}
        """
    }

    @Test("pods that serve are as many as the status says; none told is none, and without a controller nobody knows")
    func readyReplicas() throws {
        func ready(_ status: String) throws -> Int? {
            RolloutAssessment(try YAMLDocument.parseAll(Self.deployment("replicas: 3", status))[0].value, pods: []).readyReplicas
        }
        #expect(try ready("observedGeneration: 3, replicas: 3, readyReplicas: 2") == 2)
        #expect(try ready("observedGeneration: 3, replicas: 3") == 0)
        #expect(try ready("") == nil)
    }

    static func pod(_ name: String, arguments: String = "--max-num-seqs=64", _ status: String) -> String {
        """
        {metadata: {name: \(name), labels: {app: chat, pod-template-hash: abc}}, spec: {containers: [{name: vllm, image: v2, args: [\(arguments)]}]},
          status: {\(status)}}
        """
    }

    @Test(
        "counts as kubectl rollout status does, absent numbers being zero",
        arguments: [
            ("replicas: 2", "observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2", "generation 2 of 3"),
            ("replicas: 2", "observedGeneration: 3, replicas: 2, availableReplicas: 2", "0 of 2 pods are updated"),
            ("replicas: 2", "observedGeneration: 3, replicas: 3, updatedReplicas: 2, availableReplicas: 2", "1 old pods"),
            ("replicas: 2", "observedGeneration: 3, replicas: 3, updatedReplicas: 3, availableReplicas: 3", "1 pods more than 2"),
            ("replicas: 2", "observedGeneration: 3, replicas: 2, updatedReplicas: 2", "0 of 2 pods are available"),
            ("replicas: 2", "replicas: 2, updatedReplicas: 2, availableReplicas: 2", "no controller has seen"),
        ])
    func counts(spec: String, status: String, words: String) throws {
        guard case .progressing(let text) = try Self.rollout(Self.deployment(spec, status)) else {
            Issue.record("expected a rollout on its way")
            return
        }
        #expect(text.contains(words), "\(text)")
    }

    @Test("is settled when all pods are updated and available, also when none are wanted")
    func settled() throws {
        let status = "observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2"
        #expect(try Self.rollout(Self.deployment("replicas: 2", status)) == .settled)
        #expect(try Self.rollout(Self.deployment("replicas: 0", "observedGeneration: 3")) == .settled)
    }

    @Test("a crash of a pod of the present template fails; one of an earlier template does not")
    func crashes() throws {
        let crash = """
            containerStatuses: [{name: vllm, ready: false, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff, message: back-off}},
              lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}]
            """
        let object = Self.deployment("replicas: 1", "observedGeneration: 3, replicas: 2, updatedReplicas: 1")
        guard case .failed(let text) = try Self.rollout(object, pods: [Self.pod("new", crash)]) else {
            Issue.record("expected a failure")
            return
        }
        for words in ["pod new", "container vllm", "CrashLoopBackOff", "exit code 137", "OOMKilled", "4 restarts"] {
            #expect(text.contains(words), "\(text)")
        }
        let fine = Self.pod("new", "containerStatuses: [{name: vllm, ready: true, restartCount: 0}]")
        let rollout = try Self.rollout(object, pods: [Self.pod("old", arguments: "--max-num-seqs=32", crash), fine])
        #expect(rollout == .progressing("1 old pods are still there"))
    }

    @Test("a container that is ready again has not failed, however often it restarted")
    func recovered() throws {
        let status =
            "containerStatuses: [{name: vllm, ready: true, restartCount: 9, lastState: {terminated: {exitCode: 1, reason: Error}}}]"
        let object = Self.deployment("replicas: 1", "observedGeneration: 3, replicas: 1, updatedReplicas: 1, availableReplicas: 1")
        #expect(try Self.rollout(object, pods: [Self.pod("new", status)]) == .settled)
    }

    @Test("a pod that was evicted and has a successor has not failed")
    func evicted() throws {
        let status =
            "phase: Failed, containerStatuses: [{name: vllm, ready: false, state: {terminated: {exitCode: 137, reason: OOMKilled}}}]"
        let object = Self.deployment("replicas: 1", "observedGeneration: 3, replicas: 1, updatedReplicas: 1, availableReplicas: 1")
        #expect(try Self.rollout(object, pods: [Self.pod("gone", status)]) == .settled)
    }

    @Test("pods that fit on no node wait for room even when the progress deadline is over")
    func unschedulable() throws {
        let object = Self.deployment(
            "replicas: 2",
            """
            observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 1, conditions: [
              {type: Progressing, status: "False", reason: ProgressDeadlineExceeded, message: timed out}]
            """)
        let status =
            "conditions: [{type: PodScheduled, status: \"False\", reason: Unschedulable, message: \"0/3 nodes are available: 3 Insufficient nvidia.com/gpu.\"}]"
        guard case .waitingForRoom(let text) = try Self.rollout(object, pods: [Self.pod("a", status), Self.pod("b", "phase: Running")])
        else {
            Issue.record("expected a want of room")
            return
        }
        #expect(text.contains("1 of 2 pods fit on no node") && text.contains("Insufficient nvidia.com/gpu"), "\(text)")
        guard case .failed = try Self.rollout(object) else {
            Issue.record("expected the deadline to count without such pods")
            return
        }
    }

    @Test("a quota that stops pods from being made is a want of room")
    func quota() throws {
        let object = Self.deployment(
            "replicas: 2",
            "observedGeneration: 3, conditions: [{type: ReplicaFailure, status: \"True\", reason: FailedCreate, message: exceeded quota}]")
        #expect(try Self.rollout(object) == .waitingForRoom("pods cannot be made: exceeded quota"))
    }

    @Test("a paused deployment does not get there, and is settled when nothing is left to do")
    func paused() throws {
        guard case .failed(let text) = try Self.rollout(Self.deployment("replicas: 2, paused: true", "observedGeneration: 3, replicas: 2"))
        else {
            Issue.record("expected a failure")
            return
        }
        #expect(text.contains("kubectl rollout resume deployment/chat -n llm"), "\(text)")
        let done = Self.deployment(
            "replicas: 2, paused: true", "observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2")
        #expect(try Self.rollout(done) == .settled)
    }

    static func statefulSet(_ spec: String, _ status: String) -> String {
        """
        {kind: StatefulSet, metadata: {name: chat, namespace: llm, generation: 3}, spec: {replicas: 3, template: {spec: {containers: [{name: vllm}]}}, \(spec)},
          status: {observedGeneration: 3, \(status)}}
        """
    }

    @Test(
        "a stateful set is done when the revision is, down to its partition",
        arguments: [
            (
                "a: 1", "currentRevision: r1, updateRevision: r2, replicas: 3, updatedReplicas: 1, availableReplicas: 3",
                "1 of 3 pods are updated"
            ),
            (
                "updateStrategy: {rollingUpdate: {partition: 2}}",
                "currentRevision: r1, updateRevision: r2, replicas: 3, updatedReplicas: 1, availableReplicas: 3", "settled"
            ),
            ("a: 1", "currentRevision: r2, updateRevision: r2, replicas: 3, availableReplicas: 2", "2 of 3 pods are available"),
            ("a: 1", "currentRevision: r2, updateRevision: r2, replicas: 3, availableReplicas: 3", "settled"),
            ("a: 1", "currentRevision: r2, updateRevision: r2, replicas: 2, availableReplicas: 2", "2 pods are there, 3 are wanted"),
            ("updateStrategy: {type: OnDelete}", "currentRevision: r1, updateRevision: r2, replicas: 3, availableReplicas: 3", "OnDelete"),
        ])
    func statefulSets(spec: String, status: String, words: String) throws {
        let text = "\(try Self.rollout(Self.statefulSet(spec, status)))"
        #expect(text.contains(words), "\(text)")
    }

    @Test("a broken pod of an earlier revision, which a stateful set waits for, is named with its cure")
    func stuckStatefulSet() throws {
        let pod = """
            {metadata: {name: chat-2, labels: {controller-revision-hash: r1}}, status: {containerStatuses: [
              {name: vllm, ready: false, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}}]}}
            """
        let status = "currentRevision: r2, updateRevision: r2, replicas: 3, updatedReplicas: 2, availableReplicas: 2"
        let text = "\(try Self.rollout(Self.statefulSet("a: 1", status), pods: [pod]))"
        #expect(text.contains("kubectl delete pod chat-2"), "\(text)")
    }

    @Test(
        "another kind tells by its conditions and generations",
        arguments: [
            ("observedGeneration: 2", "generation 2 of 3"),
            ("observedGeneration: 3, conditions: [{type: Ready, status: \"True\"}]", "settled"),
            (
                "observedGeneration: 3, conditions: [{type: Ready, status: \"False\", message: loading}]",
                "progressing(\"Ready is False: loading\")"
            ),
            ("conditions: [{type: Stalled, status: \"True\", reason: Bad, message: image}]", "failed"),
            ("conditions: [{type: Ready, status: \"True\"}, {type: Reconciling, status: \"True\", message: m}]", "Reconciling"),
            ("phase: any", "settled"),
        ])
    func otherKinds(status: String, words: String) throws {
        let text = "\(try Self.rollout("{kind: InferenceService, metadata: {name: c, generation: 3}, status: {\(status)}}"))"
        #expect(text.contains(words), "\(text)")
    }

    @Test("what a pod's words contain cannot command a terminal")
    func hostileWords() throws {
        let status =
            "containerStatuses: [{name: vllm, state: {waiting: {reason: CrashLoopBackOff, message: \"\\e[2J\(String(repeating: "x", count: 5_000))\"}}}]"
        let text =
            "\(try Self.rollout(Self.deployment("replicas: 1", "observedGeneration: 3, updatedReplicas: 1"), pods: [Self.pod("p", status)]))"
        #expect(!text.contains("\u{1B}") && text.count < 700)
    }
}

@Suite("How far a workload has got, by recordings", .enabled(if: SharedData.isPresent, "the shared data is not there"))
struct RecordedRolloutTests {
    static func response(_ name: String) throws -> DocumentValue {
        try JSONDocument.parse(String(contentsOfFile: SharedData.path("k8s-transcripts/\(name).response.json"), encoding: .utf8))
    }

    @Test(
        "ends as the recording does",
        arguments: [
            ("230-watch-scale-2-to-6", "settled"), ("231-watch-rolling-update", "settled"),
            ("232-watch-progress-deadline-exceeded", "failed"),
        ])
    func watches(name: String, words: String) throws {
        let stream = try Self.response(name)["stream"]?.elements ?? []
        let steps = stream.compactMap { $0["event"]?["object"] }.map { "\(RolloutAssessment($0, pods: []).rollout)" }
        #expect(steps.count > 2 && steps.last?.contains(words) == true, "\(steps)")
        let firstEnd = steps.firstIndex { $0.contains(words) } ?? 0
        // Once it is done it stays so, and it is on its way before.
        #expect(steps[firstEnd...].allSatisfy { $0.contains(words) }, "\(steps)")
        #expect(name.hasPrefix("230") || steps.prefix(firstEnd).allSatisfy { $0.contains("progressing") }, "\(steps)")
    }

    @Test(
        "reads pods as the API server sends them",
        arguments: [
            ("233-pods-crashloop", "CrashLoopBackOff"), ("234-pods-imagepullbackoff", "ImagePullBackOff"),
            ("235-pods-unschedulable", "Insufficient cpu"),
        ])
    func pods(name: String, words: String) throws {
        let pods = try Self.response(name)["body"]?["items"]?.elements ?? []
        let object = try YAMLDocument.parseAll(
            "{kind: Deployment, metadata: {generation: 1}, spec: {replicas: 1}, status: {observedGeneration: 1}}")[0].value
        let text = "\(RolloutAssessment(object, pods: pods).rollout)"
        #expect(!pods.isEmpty && text.contains(words), "\(text)")
    }

    @Test("a deployment at zero is settled, a paused one with a new template is not")
    func objects() throws {
        let zero = try #require(try Self.response("262-deployment-get-at-zero")["body"])
        #expect(RolloutAssessment(zero, pods: []).rollout == .settled)
        let paused = try #require(try Self.response("239-deployment-paused")["body"])
        #expect("\(RolloutAssessment(paused, pods: []).rollout)".contains("is paused"))
    }
}
