import KubernetesTestSupport
import Testing

@Suite("Faults, and what the log says of them")
struct FaultTests {
    @Test(
        "a fault answers as the real server does, and nothing is written",
        arguments: [
            (Fault.Effect.unauthorized, 401, "Unauthorized"), (.forbidden, 403, "Forbidden"), (.quotaExceeded, 403, "Forbidden"),
            (.admissionDenied("no"), 422, "Invalid"), (.internalError, 500, "InternalError"),
            (.gatewayTimeout(applied: false), 504, "Timeout"),
            (.tooManyRequests(retryAfterSeconds: 3), 429, ""),
        ])
    func answers(effect: Fault.Effect, status: Int, reason: String) {
        let workload = TestWorkload()
        let before = workload.cluster.writes.count
        workload.cluster.inject(Fault(effect, match: .init(verb: "patch")))
        #expect(workload.serve(TestWorkload.request("GET"))?.status == 200)
        let response = workload.scale(to: 5)
        #expect(response?.status == status)
        #expect((response?.json?["reason"]?.text ?? "") == reason)
        #expect(workload.cluster.writes.count == before)
        #expect(workload.cluster.requests.last?.tookEffect == false)
        #expect(workload.scale(to: 5)?.status == 200)
        #expect(workload.cluster.writes.count == before + 1)
    }

    @Test(
        "an answer that is lost, or a 504, may hide a write that took effect",
        arguments: [Fault.Effect.answerLost, .gatewayTimeout(applied: true), .cutInAnswer])
    func hiddenWrite(effect: Fault.Effect) {
        let workload = TestWorkload()
        workload.cluster.inject(Fault(effect, match: .init(onlyWrites: true)))
        _ = workload.scale(to: 7)
        #expect(workload.deployment["spec", "replicas"] == 7)
        #expect(workload.cluster.requests.last?.tookEffect == true)
        #expect(workload.cluster.writes.last?.after["spec", "replicas"] == 7)
    }

    @Test("a cut before processing writes nothing; a fault by number strikes that request only")
    func byNumber() {
        let workload = TestWorkload()
        let next = workload.cluster.requests.count + 1
        workload.cluster.inject(Fault(.cutBeforeProcessing, match: .init(number: next + 1)))
        #expect(workload.scale(to: 3)?.status == 200)
        #expect(workload.scale(to: 4) == nil)
        #expect(workload.scale(to: 5)?.status == 200)
        #expect(workload.cluster.writes.suffix(2).compactMap { $0.after["spec", "replicas"]?.integer } == [3, 5])
    }

    @Test("writes are logged once each, with who and what; one that changes nothing is not")
    func log() {
        let workload = TestWorkload()
        let count = workload.cluster.writes.count
        _ = workload.scale(to: 4)
        _ = workload.scale(to: 4)
        _ = workload.serve(TestWorkload.request("PATCH", TestWorkload.path + "?dryRun=All", ["spec": ["replicas": 9]]))
        #expect(workload.cluster.writes.count == count + 1)
        let write = workload.cluster.writes.last
        #expect(write?.manager == "optimizer" && write?.subresource == "scale" && write?.user == "kubernetes-admin")
        #expect(write?.before?["spec", "replicas"] == 2 && write?.after["spec", "replicas"] == 4)
    }
}
