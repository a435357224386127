import Control
import Documents
import FoundationEssentials
import Kubernetes
import KubernetesTestSupport
import Measurements
import Synchronization
import TestSupport
import Testing

/// What holds for the fake API server and for a real one.
func checkObjects(_ client: KubernetesClient, _ maps: String) async throws {
    let created = try await client.create(maps, configMap("a")).object
    let again = try await failure { () async throws(KubernetesError) in try await client.create(maps, configMap("a")) }
    #expect(again.kind == .alreadyExists)
    let patched = try await client.patch(
        maps + "/a", .merge, .object([.init(key: "data", value: .object([.init(key: "k", value: .string("2"))]))]))
    #expect(patched.object.text("data", "k") == "2")
    let stale = try await failure { () async throws(KubernetesError) in try await client.update(maps + "/a", created) }
    #expect(stale.kind == .conflict)
    _ = try await client.update(maps + "/a", patched.object)
    let wrong = try await failure { () async throws(KubernetesError) in
        try await client.delete(maps + "/a", preconditions: DeletePreconditions(uid: "another"))
    }
    #expect(wrong.kind == .conflict)
    _ = try await client.delete(maps + "/a", preconditions: DeletePreconditions(uid: created.text("metadata", "uid")))
    let gone = try await failure { () async throws(KubernetesError) in try await client.get(maps + "/a") }
    #expect(gone.kind == .notFound(.object))
}

/// What holds for the fake API server and for a real one. The objects are left there.
func checkPages(_ client: KubernetesClient, _ maps: String) async throws {
    for index in 0..<7 { _ = try await client.create(maps, configMap("m\(index)")) }
    let list = try await client.list(maps, ObjectSelection(labels: "for=tests"), pageSize: 3)
    #expect(list.items.compactMap { $0.text("metadata", "name") } == (0..<7).map { "m\($0)" })
    #expect(list.isConsistent)
    let tooMany = try await failure { () async throws(KubernetesError) in try await client.list(maps, pageSize: 3, limit: 5) }
    #expect(tooMany.kind == .unreadableAnswer)
}

/// A fake API server with one namespace and a client of it.
private struct Cluster {
    let fake: FakeCluster
    let server: FakeAPIServer

    init() throws {
        fake = FakeCluster(namespaces: ["llm"])
        fake.admit(.administrator, token: "t0ken")
        server = try FakeAPIServer(fake)
    }

    func access() throws -> ClusterAccess { try ClusterAccess(server: server.url, token: "t0ken") }

    func client(_ settings: KubernetesClientSettings = .patient) throws -> KubernetesClient {
        try KubernetesClient(try access(), settings: settings, clock: .withoutWaiting)
    }
}

func configMap(_ name: String, _ value: String = "1") -> DocumentValue {
    let text =
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"\(name)\",\"labels\":{\"for\":\"tests\"}},\"data\":{\"k\":\"\(value)\"}}"
    return (try? JSONDocument.parse(text)) ?? .null
}

@Suite("the client and an API server")
struct ServerTests {
    let maps = "/api/v1/namespaces/llm/configmaps"

    @Test("create, read, update, patch, delete, each under its guard")
    func objects() async throws {
        let cluster = try Cluster()
        defer { cluster.server.stop() }
        let client = try cluster.client()
        try await checkObjects(client, maps)
    }

    @Test("a list comes in pages and is whole")
    func pages() async throws {
        let cluster = try Cluster()
        defer { cluster.server.stop() }
        let client = try cluster.client()
        try await checkPages(client, maps)
    }

    @Test("following survives cuts and ends, and lists again when too much was missed")
    func following() async throws {
        let cluster = try Cluster()
        defer { cluster.server.stop() }
        let client = try cluster.client()
        _ = try await client.create(maps, configMap("a"))
        var events = client.follow(maps).makeAsyncIterator()
        guard case .listed(let list)? = try await events.next() else {
            Issue.record("expected a list first")
            return
        }
        #expect(list.items.count == 1)
        let interruptions: [() -> Void] = [{ cluster.fake.cutWatches() }, { cluster.fake.endWatches() }, {}]
        for (number, interrupt) in interruptions.enumerated() {
            _ = try await client.create(maps, configMap("b\(number)"))
            guard case .changed(.added(let object))? = try await events.next() else {
                Issue.record("expected an addition")
                return
            }
            #expect(object.text("metadata", "name") == "b\(number)")
            interrupt()
        }
        cluster.fake.cutWatches()
        _ = try await client.create(maps, configMap("missed"))
        cluster.fake.compact()
        guard case .listed(let second)? = try await events.next() else {
            Issue.record("expected another list")
            return
        }
        #expect(second.items.count == 5)
    }

    @Test("a write whose answer is lost is not sent again; one that never arrived is not known to be different")
    func lostAnswer() async throws {
        let cluster = try Cluster()
        defer { cluster.server.stop() }
        let client = try cluster.client()
        cluster.fake.inject(Fault(.answerLost, match: .init(verb: "create")))
        let error = try await failure { () async throws(KubernetesError) in try await client.create(maps, configMap("a")) }
        #expect(error.kind == .outcomeUnknown)
        #expect(error.mayHaveBeenCarriedOut)
        #expect(try await client.get(maps + "/a").object.text("data", "k") == "1")
    }

    @Test("a list of empty pages that never ends is given up")
    func endlessPages() async throws {
        let server = try LoopbackServer { request, writer in
            let number = request.query?.split(separator: "&").first { $0.hasPrefix("continue=") }.flatMap { Int($0.dropFirst(9)) } ?? 0
            try writer.answer(200, "{\"kind\":\"PodList\",\"metadata\":{\"continue\":\"\(number + 1)\"},\"items\":[]}")
        }
        defer { server.stop() }
        let client = try KubernetesClient(try ClusterAccess(server: server.url), settings: .once)
        let error = try await failure { () async throws(KubernetesError) in try await client.list("/api/v1/pods") }
        #expect(error.message.contains("pages"))
    }

    @Test("a right is asked for and answered")
    func access() async throws {
        let cluster = try Cluster()
        defer { cluster.server.stop() }
        cluster.fake.admit(
            FakeUser("limited", rules: [AccessRule(["patch"], group: "apps", ["deployments/scale"], namespace: "llm")]), token: "limited")
        let client = try KubernetesClient(try ClusterAccess(server: cluster.server.url, token: "limited"))
        let scale = AccessQuestion(verb: "patch", group: "apps", resource: "deployments", subresource: "scale", namespace: "llm", name: "a")
        #expect(try await client.selfSubjectAccessReview(scale).isAllowed)
        let whole = AccessQuestion(verb: "patch", group: "apps", resource: "deployments", namespace: "llm", name: "a")
        #expect(try await !client.selfSubjectAccessReview(whole).isAllowed)
    }

    @Test(
        "a path that names could bend is not sent",
        arguments: ["api/v1", "/api/v1/../secrets", "/api//v1", "/api/v1/a?b=c", "/api/v1/a%2Fb", "/api/v1/a b", "/"])
    func paths(path: String) async throws {
        let cluster = try Cluster()
        defer { cluster.server.stop() }
        let client = try cluster.client()
        let error = try await failure { () async throws(KubernetesError) in try await client.get(path) }
        #expect(error.kind == .unsafe)
        #expect(cluster.fake.requests.isEmpty)
    }

    @Test("a line of a watch, and an answer, have bounds")
    func bounds() async throws {
        let server = try LoopbackServer { request, writer in
            try writer.begin()
            for _ in 0..<64 { try writer.chunk(String(repeating: "x", count: 1_024)) }
            try writer.end()
        }
        defer { server.stop() }
        var settings = KubernetesClientSettings.once
        settings.watchLineLimitBytes = 16 << 10
        settings.objectBodyLimitBytes = 16 << 10
        let client = try KubernetesClient(try ClusterAccess(server: server.url), settings: settings, clock: .withoutWaiting)
        let read = try await failure { () async throws(KubernetesError) in try await client.get("/version") }
        #expect(read.kind == .unreadableAnswer)
        var watch = client.watch("/api/v1/pods", from: "1").makeAsyncIterator()
        do throws(KubernetesError) {
            _ = try await watch.next()
            Issue.record("expected an error")
        } catch {
            #expect(error.kind == .unreadableAnswer)
        }
    }
}

@Suite("events")
struct EventRecorderTests {
    let subject = EventNote.Subject(apiVersion: "apps/v1", kind: "Deployment", namespace: "llm", name: "chat-8b", uid: "u")

    @Test("the same note counts up one Event, another one is another Event, and a full queue drops and counts")
    func recording() async throws {
        let cluster = try Cluster()
        defer { cluster.server.stop() }
        let recorder = EventRecorder(try cluster.client(), capacity: 4)
        let note = EventNote("AdjustmentApplied", "replicas 2 → 3", of: subject)
        for _ in 0..<3 { recorder.record(note) }
        recorder.record(EventNote("RolledBack", "replicas 3 → 2", of: subject, severity: .warning))
        recorder.record(note)
        #expect(recorder.dropped == 1)
        let (writes, continuation) = AsyncStream.makeStream(of: Void.self)
        cluster.fake.observeWrites { _ in continuation.yield() }
        let running = Task { await recorder.run() }
        var seen = writes.makeAsyncIterator()
        for _ in 0..<4 { await seen.next() }
        running.cancel()
        await running.value
        let events = try await cluster.client().list("/api/v1/namespaces/llm/events").items
        #expect(events.count == 2)
        let applied = try #require(events.first { $0.text("reason") == "AdjustmentApplied" })
        #expect(applied.integer("count") == 3)
        #expect(applied.text("involvedObject", "uid") == "u")
        #expect(events.first { $0.text("reason") == "RolledBack" }?.text("type") == "Warning")
    }

    @Test("an Event that has been deleted begins anew, and one that is refused is dropped and counted")
    func expired() async throws {
        let cluster = try Cluster()
        defer { cluster.server.stop() }
        let client = try cluster.client()
        let told = Mutex<[KubernetesError.Kind]>([])
        let (news, continuation) = AsyncStream.makeStream(of: Void.self)
        let recorder = EventRecorder(client) { error in
            told.withLock { $0.append(error.kind) }
            continuation.yield()
        }
        let (writes, written) = AsyncStream.makeStream(of: Void.self)
        cluster.fake.observeWrites { _ in written.yield() }
        let running = Task { await recorder.run() }
        defer { running.cancel() }
        var seen = writes.makeAsyncIterator()
        let note = EventNote("TriggerFired", "ttft p95 812 ms > 500 ms", of: subject)
        recorder.record(note)
        await seen.next()
        let first = try #require(try await client.list("/api/v1/namespaces/llm/events").items.first?.text("metadata", "name"))
        _ = try await client.delete("/api/v1/namespaces/llm/events/\(first)")
        await seen.next()
        recorder.record(note)
        await seen.next()
        #expect(try await client.list("/api/v1/namespaces/llm/events").items.count == 1)
        cluster.fake.inject(Fault(.forbidden, match: .init(onlyWrites: true)))
        recorder.record(note)
        var failures = news.makeAsyncIterator()
        await failures.next()
        #expect(told.withLock { $0 } == [.forbidden(.rbac)])
        #expect(recorder.dropped == 1)
    }

    @Test("names and texts keep within what the API takes")
    func bounded() {
        let note = EventNote(
            String(repeating: "R", count: 300), String(repeating: "ä", count: 2_000),
            of: .init(apiVersion: "v1", kind: "Pod", namespace: "llm", name: "a"))
        #expect(note.reason.utf8.count == 128)
        #expect(note.message.utf8.count == 1_024)
    }
}

@Suite("leadership over an API server")
struct LeaseElectorTests {
    @Test("one leads, gives up, and the other takes over as a later term")
    func handover() async throws {
        let cluster = try Cluster()
        defer { cluster.server.stop() }
        let (news, continuation) = AsyncStream.makeStream(of: (String, LeaseElector.News).self)
        func elector(_ name: String) throws -> LeaseElector {
            try LeaseElector(
                try cluster.access(), namespace: "llm", name: "optimizer", identity: name,
                timing: LeaseTiming(leaseSeconds: 15, renewDeadline: .seconds(10), retryPeriod: .milliseconds(50))
            ) { continuation.yield((name, $0)) }
        }
        let (first, second) = (try elector("first"), try elector("second"))
        #expect(first.term() == nil)
        let leading = Task { await first.run() }
        var told = news.makeAsyncIterator()
        while let (name, item) = await told.next(), item != .leads(FencingToken(rawValue: 1)) { #expect(name == "first") }
        #expect(first.term() == FencingToken(rawValue: 1))
        let following = Task { await second.run() }
        let secondNews = try #require(await told.next())
        #expect(secondNews.0 == "second" && secondNews.1 == .follows(holder: "first"))
        #expect(second.term() == nil)
        leading.cancel()
        await leading.value
        #expect(first.term() == nil)
        while let (name, item) = await told.next() {
            guard case .leads(let term) = item else { continue }
            #expect(name == "second")
            #expect(term == FencingToken(rawValue: 2))
            break
        }
        #expect(second.term() == FencingToken(rawValue: 2))
        following.cancel()
        await following.value
        let lease = cluster.fake.objects(.leases, namespace: "llm").first
        #expect(lease?["spec", "holderIdentity"]?.text ?? "" == "")
    }

    @Test("a write whose answer is lost, a conflict and a 500 cost no more than a look")
    func faults() async throws {
        let cluster = try Cluster()
        defer { cluster.server.stop() }
        cluster.fake.inject(Fault(.answerLost, match: .init(verb: "create", plural: "leases")))
        cluster.fake.inject(Fault(.internalError, match: .init(verb: "update", plural: "leases")))
        let (news, continuation) = AsyncStream.makeStream(of: LeaseElector.News.self)
        let elector = try LeaseElector(
            try cluster.access(), namespace: "llm", name: "optimizer", identity: "only",
            timing: LeaseTiming(retryPeriod: .milliseconds(20))
        ) { continuation.yield($0) }
        let running = Task { await elector.run() }
        var failures = 0
        for await item in news {
            if case .failed = item { failures += 1 }
            if case .leads(let term) = item {
                #expect(term == FencingToken(rawValue: 1))
                break
            }
        }
        #expect(failures == 2)
        running.cancel()
        await running.value
    }
}
