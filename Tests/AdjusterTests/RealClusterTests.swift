import Control
import Documents
import Foundation
import Learning
import Policies
import Testing

@testable import Kubernetes

/// The promises of the fake's suites that depend on an API server, against a real one. Needs no nodes: pods may stay unscheduled.
@Suite(
    "A real API server",
    .enabled(if: RealCluster.kubeconfig != nil, "AUTO_OPTIMIZER_TEST_KUBECONFIG names no kubeconfig of a cluster to test against"),
    .serialized)
struct RealClusterTests {
    @Test("every place is changed once and taken back without a trace", arguments: PlaceTests.Case.all.filter { !$0.isCustom })
    func roundTrip(place: PlaceTests.Case) async throws {
        try await RealCluster.use(container: place.container, spec: place.spec) { cluster in
            let adjuster = try cluster.adjuster([place.knob])
            let before = try await (cluster.spec, cluster.configuration)
            let identity = try await adjuster.observe().identity
            let order = ChangeOrder(place.knob, place.from, place.to, identity: identity)
            try await adjuster.rehearse(order)
            #expect(try await cluster.spec == before.0, "a rehearsal wrote")
            try await adjuster.apply(order)
            let changed = try await adjuster.observe()
            #expect(changed.values[place.knob.name]?.value.isSame(as: place.to) == true && changed.mark?.adjustment == order.adjustment)
            try await adjuster.apply(order)
            try await adjuster.apply(order.back)
            #expect(try await cluster.spec == before.0)
            #expect(try await cluster.configuration == before.1)
            #expect(try await adjuster.observe().mark == nil)
        }
    }

    @Test("a leader of an earlier term is turned away", arguments: [Knob.replicas, .sequences])
    func fence(knob: Knob) async throws {
        try await RealCluster.use(container: "args: [serve, --max-num-seqs=64]", spec: "replicas: 2") { cluster in
            let adjuster = try cluster.adjuster([knob])
            let before = try await cluster.spec
            try await adjuster.takeFence(FencingToken(rawValue: 2))
            let error = await failure { () throws(AdjusterError) in try await adjuster.apply(FenceTests.order(knob, fence: 1)) }
            #expect(FaultTests.sort(error) == "fenced")
            #expect(try await cluster.spec == before)
        }
    }

    @Test("a value that the server does not take is refused, and a target that is not there is gone")
    func refusals() async throws {
        try await RealCluster.use(container: "", spec: "replicas: 2") { cluster in
            let knob = Knob(.field(pointer: "/spec/replicas"), values: [.integer(2), .integer(-1)])
            let adjuster = try cluster.adjuster([knob])
            let error = await failure { () throws(AdjusterError) in
                try await adjuster.apply(ChangeOrder(knob, .integer(2), .integer(-1)))
            }
            #expect(FaultTests.sort(error) == "refused", "\(String(describing: error))")
            let other = try cluster.adjuster([knob], name: "not-there")
            #expect(FaultTests.sort(await failure { () throws(AdjusterError) in _ = try await other.observe() }) == "gone")
        }
    }
}

/// A namespace's worth of objects in a real cluster, taken away after use.
struct RealCluster {
    let client: KubernetesClient
    let name: String

    static let kubeconfig = ProcessInfo.processInfo.environment["AUTO_OPTIMIZER_TEST_KUBECONFIG"].flatMap { $0.isEmpty ? nil : $0 }
    private static let namespace = "default"

    static func use(container: String, spec: String, _ body: (RealCluster) async throws -> Void) async throws {
        let access = try Kubeconfig(files: [try #require(kubeconfig)]).access(context: nil)
        let cluster = RealCluster(client: try KubernetesClient(access), name: "chat-\(UUID().uuidString.prefix(8).lowercased())")
        do {
            try await cluster.create(container: container, spec: spec)
            try await body(cluster)
        } catch {
            await cluster.delete()
            throw error
        }
        await cluster.delete()
    }

    func adjuster(_ knobs: [Knob], name: String? = nil) throws -> KubernetesAdjuster {
        let target = Policy.KubernetesTarget(
            namespace: Self.namespace, apiVersion: "apps/v1", kind: "Deployment", name: name ?? self.name)
        return try KubernetesAdjuster(target: target, knobs: knobs, client: client, clock: TestClock())
    }

    private var workloads: String { "/apis/apps/v1/namespaces/\(Self.namespace)/deployments" }
    private var maps: String { "/api/v1/namespaces/\(Self.namespace)/configmaps" }

    var spec: DocumentValue? { get async throws { try await client.get("\(workloads)/\(name)").object["spec"]?.canonical } }

    var configuration: [DocumentValue?] {
        get async throws {
            var data: [DocumentValue?] = []
            for map in ["config", "empty"] { data.append(try await client.get("\(maps)/\(map)").object["data"]?.canonical) }
            return data
        }
    }

    private func create(container: String, spec: String) async throws {
        let extra = container.isEmpty ? "" : ", " + container
        let text = """
            {apiVersion: apps/v1, kind: Deployment, metadata: {name: \(name)}, spec: {selector: {matchLabels: {app: \(name)}}, template: {
              metadata: {labels: {app: \(name)}}, spec: {containers: [{name: proxy, image: proxy}, {name: vllm, image: v1\(extra)}]}}, \(spec)}}
            """
        _ = try await client.create(workloads, try YAMLDocument.parseAll(text)[0].value)
        for (map, data) in [("config", ", data: {seqs: \"64\", a: b}"), ("empty", "")] {
            let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: \(map)}\(data)}"
            _ = try await client.create(maps, try YAMLDocument.parseAll(text)[0].value)
        }
    }

    private func delete() async {
        // What cannot be deleted is found by the next run, which says so.
        for path in ["\(workloads)/\(name)", "\(maps)/config", "\(maps)/empty"] { _ = try? await client.delete(path) }
    }
}
