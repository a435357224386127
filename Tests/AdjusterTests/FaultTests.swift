import Control
import FoundationEssentials
import KubernetesTestSupport
import Policies
import Testing

@testable import Kubernetes

@Suite("What becomes of a change when something goes wrong")
struct FaultTests {
    static let order = ChangeOrder(.sequences, .integer(64), .integer(128))

    static func sort(_ error: AdjusterError?) -> String {
        switch error {
        case nil: "done"
        case .unreachable: "unreachable"
        case .outcomeUnknown: "outcomeUnknown"
        case .conflict: "conflict"
        case .changedByAnother: "changedByAnother"
        case .refused: "refused"
        case .gone: "gone"
        case .fenced: "fenced"
        }
    }

    @Test(
        "a fault of the write is sorted by what can be done about it, and nothing is changed but where it is said",
        arguments: [
            (Fault.Effect.unauthorized, "refused", false), (.forbidden, "refused", false), (.quotaExceeded, "refused", false),
            (.admissionDenied("at most 50"), "refused", false), (.tooManyRequests(retryAfterSeconds: 1), "unreachable", false),
            (.internalError, "unreachable", false), (.gatewayTimeout(applied: true), "outcomeUnknown", true),
            (.gatewayTimeout(applied: false), "outcomeUnknown", false), (.cutBeforeProcessing, "outcomeUnknown", false),
            (.answerLost, "outcomeUnknown", true), (.cutInAnswer, "outcomeUnknown", true),
        ])
    func faults(effect: Fault.Effect, expected: String, isChanged: Bool) async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        target.cluster.inject(Fault(effect, match: Fault.Match(verb: "patch"), times: 2))
        let error = await failure { () throws(AdjusterError) in try await adjuster.apply(Self.order) }
        target.cluster.clearFaults()
        #expect(Self.sort(error) == expected, "\(String(describing: error))")
        #expect(error?.explanation.contains("Bearer") == false)
        // Looking tells how it went, and asking again leads to the same end.
        let seen = try await adjuster.observe()
        #expect(seen.values["knob"]?.value == .integer(isChanged ? 128 : 64))
        #expect((seen.mark?.adjustment == Self.order.adjustment) == isChanged)
        try await adjuster.apply(Self.order)
        #expect(target.writes().count == 1)
    }

    @Test(
        "a fault of reading changes nothing and never leaves the outcome open",
        arguments: [
            (Fault.Effect.unauthorized, "refused"), (.forbidden, "refused"), (.tooManyRequests(retryAfterSeconds: 1), "unreachable"),
            (.gatewayTimeout(applied: false), "unreachable"), (.cutBeforeProcessing, "unreachable"), (.cutInAnswer, "unreachable"),
        ])
    func faultsOfReading(effect: Fault.Effect, expected: String) async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        target.cluster.inject(Fault(effect, match: Fault.Match(verb: "get"), times: 9))
        for attempt in [0, 1] {
            let error = await failure { () throws(AdjusterError) in
                if attempt == 0 { try await adjuster.apply(Self.order) } else { _ = try await adjuster.observe() }
            }
            #expect(Self.sort(error) == expected, "\(String(describing: error))")
        }
        #expect(target.writes().isEmpty)
    }

    @Test("a server that is not there is out of reach, and nothing was changed")
    func refusedConnection() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        target.server.stop()
        let error = await failure { () throws(AdjusterError) in try await adjuster.apply(Self.order) }
        #expect(Self.sort(error) == "unreachable")
    }

    @Test(
        "a rehearsal that gets no answer has changed nothing",
        arguments: [Fault.Effect.answerLost, .gatewayTimeout(applied: true), .cutInAnswer])
    func rehearsal(effect: Fault.Effect) async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        target.cluster.inject(Fault(effect, match: Fault.Match(verb: "patch")))
        let error = await failure { () throws(AdjusterError) in try await adjuster.rehearse(Self.order) }
        #expect(Self.sort(error) == "unreachable")
        #expect(target.writes().isEmpty)
    }

    @Test("a value that the API server does not take is refused at once, not taken for another writer")
    func invalid() async throws {
        let target = try TestTarget()
        let knob = Knob(.field(pointer: "/spec/replicas"), values: [.integer(2), .integer(-1)])
        let adjuster = try target.adjuster([knob])
        let order = ChangeOrder(knob, .integer(2), .integer(-1))
        for attempt in [0, 1] {
            let error = await failure { () throws(AdjusterError) in
                if attempt == 0 { try await adjuster.rehearse(order) } else { try await adjuster.apply(order) }
            }
            #expect(Self.sort(error) == "refused", "\(String(describing: error))")
        }
        #expect(target.cluster.requests.count { $0.verb == "patch" } <= 3)
    }

    // MARK: The target itself

    @Test("a target that was deleted is gone")
    func deleted() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        target.cluster.answer(FakeRequest("DELETE", "/apis/apps/v1/namespaces/llm/deployments/chat"))
        #expect(Self.sort(await failure { () throws(AdjusterError) in try await adjuster.apply(Self.order) }) == "gone")
        #expect(Self.sort(await failure { () throws(AdjusterError) in _ = try await adjuster.observe() }) == "gone")
    }

    @Test("another target under the same name is left alone, before the write and in the moment of it")
    func recreated() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        var order = Self.order
        order.identity = try await adjuster.observe().identity
        let copy = order
        let late = try await interrupted(target, number: nil, { target.recreate() }) { () throws(AdjusterError) in
            try await adjuster.apply(copy)
        }
        #expect(Self.sort(late) == "gone")
        #expect(Self.sort(await failure { () throws(AdjusterError) in try await adjuster.apply(copy) }) == "gone")
        #expect(target.writes().isEmpty)
        #expect(try await adjuster.observe().identity != order.identity)
    }

    // MARK: Others who write

    @Test("a value that somebody sets between reading and writing stands")
    func foreignEdit() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        let edit = #"[{"op": "replace", "path": "/spec/template/spec/containers/1/args/1", "value": "--max-num-seqs=32"}]"#
        let error = try await interrupted(target, number: nil, { target.edit(edit, type: "application/json-patch+json") }) {
            () throws(AdjusterError) in try await adjuster.apply(Self.order)
        }
        guard case .changedByAnother(let found, _)? = error else {
            Issue.record("expected the other's value to be seen: \(String(describing: error))")
            return
        }
        #expect(found == .integer(32) && target.writes().isEmpty)
    }

    @Test("a status that moves between reading and writing is no obstacle", arguments: [Knob.sequences, .replicas])
    func statusMoves(knob: Knob) async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([knob])
        let order = knob.place == .replicas ? ChangeOrder(knob, .integer(2), .integer(3)) : Self.order
        let move = { target.edit(#"{"status": {"collisionCount": 7}}"#, path: "/apis/apps/v1/namespaces/llm/deployments/chat/status") }
        let error = try await interrupted(target, number: nil, move) { () throws(AdjusterError) in try await adjuster.apply(order) }
        #expect(error == nil)
        #expect(try await adjuster.observe().values[knob.name]?.value.description == order.to.description)
    }

    @Test("who meets another writer every time gives up after five repetitions")
    func endlessConflicts() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        let finished = Task { await failure { () throws(AdjusterError) in try await adjuster.apply(Self.order) } }
        let done = Flag()
        let watcher = Task {
            _ = await finished.value
            done.raise()
        }
        target.cluster.inject(Fault(.stall(processOnRelease: true), match: Fault.Match(verb: "patch", user: "one"), times: 99))
        var moves = 0
        while !done.isRaised {
            if target.cluster.stalledRequests > 0 {
                moves += 1
                target.edit(#"{"metadata": {"labels": {"moved": "\#(moves)"}}}"#)
                target.cluster.releaseStalled()
            }
            await Task.yield()
        }
        await watcher.value
        #expect(Self.sort(await finished.value) == "conflict")
        #expect(moves == 1 + KubernetesAdjuster.mostConflicts && target.writes().isEmpty)
    }

    @Test("a value of another adjustment of the same knob is not taken back")
    func foreignMark() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        try await adjuster.apply(ChangeOrder(.sequences, .integer(64), .integer(128), id: UUID()))
        let error = await failure { () throws(AdjusterError) in try await adjuster.apply(Self.order.back) }
        #expect(Self.sort(error) == "changedByAnother")
        try await adjuster.unmark(Self.order.adjustment, fence: Self.order.fence)
        #expect(target.annotation(TargetMark.annotation) != nil)
    }

    // MARK: Several writes

    @Test(
        "wherever a change of several writes is cut, looking and asking again end as if it was not",
        arguments: [Knob.replicas, configuration])
    func everyCut(knob: Knob) async throws {
        let (from, to) = knob.place == .replicas ? (KnobValue.integer(2), KnobValue.integer(3)) : (.integer(64), .integer(128))
        let order = ChangeOrder(knob, from, to)
        for effect in [Fault.Effect.answerLost, .cutBeforeProcessing] {
            for cut in 1...20 {
                let target = try TestTarget()
                try target.seed("{apiVersion: v1, kind: ConfigMap, metadata: {name: config, namespace: llm}, data: {seqs: \"64\"}}")
                let adjuster = try target.adjuster([knob])
                let before = target.spec
                var struck = 0
                for step in [order, order.back] {
                    target.cluster.inject(Fault(effect, match: Fault.Match(number: target.cluster.requests.count + cut)))
                    // As the loop does: act, look, and act again until what is in force is what was ordered.
                    for _ in 1...4 {
                        _ = await failure { () throws(AdjusterError) in try await adjuster.apply(step) }
                        if target.cluster.pendingFaults == 0 { struck = max(struck, 1) }
                        target.cluster.clearFaults()
                        let seen = try await adjuster.observe()
                        if seen.values[knob.name]?.value == step.to { break }
                    }
                    if step.direction == .back { try await adjuster.unmark(order.adjustment, fence: order.fence) }
                    #expect(try await adjuster.observe().values[knob.name]?.value == step.to, "cut \(cut) of \(effect)")
                }
                #expect(target.spec == before, "cut \(cut) of \(effect)")
                #expect(target.annotation(TargetMark.annotation) == nil)
                if struck == 0 { break }
            }
        }
    }

    static let configuration = Knob(.configMapKey(configMap: "config", key: "seqs"))

    @Test("a mark that was set for a change that is refused is taken off again")
    func refusedAfterMark() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.replicas])
        target.cluster.inject(Fault(.admissionDenied("at most 2"), match: Fault.Match(verb: "patch", subresource: "scale")))
        let error = await failure { () throws(AdjusterError) in try await adjuster.apply(ChangeOrder(.replicas, .integer(2), .integer(3))) }
        #expect(Self.sort(error) == "refused")
        #expect(target.annotation(TargetMark.annotation) == nil && target.spec?["replicas"] == 2)
    }

    // MARK: Autoscalers

    @Test("a target that an autoscaler scales is told, and its replicas are not rehearsed", arguments: [0, 1, 2])
    func autoscalers(kind: Int) async throws {
        let target = try TestTarget(container: "resources: {limits: {cpu: \"64\"}}")
        let reference = "{apiVersion: apps/v1, kind: Deployment, name: chat}"
        let seeds = [
            "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: auto, namespace: llm}, spec: {scaleTargetRef: \(reference), maxReplicas: 4}}",
            "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: auto, namespace: llm}, spec: {scaleTargetRef: {name: chat}}}",
            "{apiVersion: autoscaling.k8s.io/v1, kind: VerticalPodAutoscaler, metadata: {name: auto, namespace: llm}, spec: {targetRef: \(reference)}}",
        ]
        let cpu = Knob(.resource(container: "vllm", resource: "cpu"))
        let adjuster = try target.adjuster([.replicas, cpu])
        try target.seed(seeds[kind])
        let title = ["HorizontalPodAutoscaler llm/auto", "ScaledObject llm/auto", "VerticalPodAutoscaler llm/auto"][kind]
        #expect(try await adjuster.observe().foreignOwners == [kind == 2 ? "knob" : "replicas": title])
        let order = kind == 2 ? ChangeOrder(cpu, .integer(64), .integer(128)) : ChangeOrder(.replicas, .integer(2), .integer(3))
        let error = await failure { () throws(AdjusterError) in try await adjuster.rehearse(order) }
        #expect(Self.sort(error) == "refused" && error?.explanation.contains(title) == true)
    }

    @Test("autoscalers are asked for once a minute")
    func autoscalersAreRemembered() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.replicas])
        func asked() -> Int { target.cluster.requests.count { $0.target.contains("horizontalpodautoscalers") } }
        for _ in 1...3 { _ = try await adjuster.observe() }
        #expect(asked() == 1)
        target.clock.turn(bySeconds: 61)
        _ = try await adjuster.observe()
        #expect(asked() == 2)
    }

    @Test("a paused deployment, whose pods would stay as they are, is not changed")
    func paused() async throws {
        let target = try TestTarget(spec: "replicas: 2, paused: true")
        let adjuster = try target.adjuster([.sequences])
        #expect(Self.sort(await failure { () throws(AdjusterError) in try await adjuster.rehearse(Self.order) }) == "refused")
    }

    @Test("a ConfigMap that is not there leaves its knobs without a value")
    func noConfigMap() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([Self.configuration, .sequences])
        #expect(try await adjuster.observe().values.keys.sorted() == ["knob"])
        let order = ChangeOrder(Self.configuration, .integer(64), .integer(128))
        #expect(Self.sort(await failure { () throws(AdjusterError) in try await adjuster.apply(order) }) == "changedByAnother")
    }
}
