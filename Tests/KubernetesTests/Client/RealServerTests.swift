import Control
import Documents
import FoundationEssentials
import Kubernetes
import Testing

private let kubeconfig = ProcessInfo.processInfo.environment["AUTO_OPTIMIZER_TEST_KUBECONFIG"]

/// The same as against the fake one, in a namespace that is made for it and deleted again.
@Suite("the client and a real API server", .enabled(if: kubeconfig != nil, "set AUTO_OPTIMIZER_TEST_KUBECONFIG to a kubeconfig"))
struct RealServerTests {
    private func inNamespace(_ body: (KubernetesClient, String) async throws -> Void) async throws {
        let access = try Kubeconfig(files: [try #require(kubeconfig)]).access()
        let client = try KubernetesClient(access)
        let name = "auto-optimizer-tests-" + UUID().uuidString.prefix(8).lowercased()
        let namespace = try JSONDocument.parse("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"\(name)\"}}")
        _ = try await client.create("/api/v1/namespaces", namespace)
        do {
            try await body(client, name)
        } catch {
            _ = try await client.delete("/api/v1/namespaces/\(name)")
            throw error
        }
        _ = try await client.delete("/api/v1/namespaces/\(name)")
    }

    @Test("create, read, update, patch, delete, each under its guard") func objects() async throws {
        try await inNamespace { client, namespace in try await checkObjects(client, "/api/v1/namespaces/\(namespace)/configmaps") }
    }

    @Test("a list comes in pages and is whole") func pages() async throws {
        try await inNamespace { client, namespace in try await checkPages(client, "/api/v1/namespaces/\(namespace)/configmaps") }
    }

    @Test("following tells what is there and what comes") func following() async throws {
        try await inNamespace { client, namespace in
            let maps = "/api/v1/namespaces/\(namespace)/configmaps"
            var events = client.follow(maps, ObjectSelection(labels: "for=tests")).makeAsyncIterator()
            guard case .listed? = try await events.next() else {
                Issue.record("expected a list first")
                return
            }
            _ = try await client.create(maps, configMap("a"))
            guard case .changed(.added(let object))? = try await events.next() else {
                Issue.record("expected an addition")
                return
            }
            #expect(object.text("metadata", "name") == "a")
        }
    }

    @Test("a lease is led and given up") func lease() async throws {
        try await inNamespace { client, namespace in
            let (news, continuation) = AsyncStream.makeStream(of: LeaseElector.News.self)
            let elector = try LeaseElector(client.access, namespace: namespace, name: "optimizer", identity: UUID().uuidString) {
                continuation.yield($0)
            }
            let running = Task { await elector.run() }
            for await item in news { if case .leads = item { break } }
            #expect(elector.term()?.rawValue == 1)
            running.cancel()
            await running.value
            let lease = try await client.get("/apis/coordination.k8s.io/v1/namespaces/\(namespace)/leases/optimizer").object
            #expect(lease.text("spec", "holderIdentity") ?? "" == "")
        }
    }
}
