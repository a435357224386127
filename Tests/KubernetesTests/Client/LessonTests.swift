import Documents
import Kubernetes
import Measurements
import TestSupport
import Testing

/// What a client of a real API server has to know, each against its recorded answers.
@Suite("lessons of recorded answers", .enabled(if: SharedData.isPresent, "no recorded answers beside the checkout"))
struct LessonTests {
    let web = "/apis/apps/v1/namespaces/tr/deployments/web"
    let scale = "/apis/apps/v1/namespaces/tr/deployments/web/scale"
    let patch = DocumentValue.object([.init(key: "spec", value: .object([.init(key: "replicas", value: .integer(2))]))])

    func kind(of number: String) async throws -> KubernetesError { try await error(number) }

    /// The error a recorded answer becomes, asked for by the method it was recorded with.
    func error(_ number: String, settings: KubernetesClientSettings = .once) async throws -> KubernetesError {
        let replay = try ReplayServer(number)
        defer { replay.server.stop() }
        let recorded = try Transcript(number)
        let client = try replay.client(settings: settings)
        return try await failure { () async throws(KubernetesError) -> KubernetesAnswer in
            switch recorded.method {
            case "POST": try await client.create(recorded.path, recorded.requestBody ?? .null)
            case "PUT": try await client.update(recorded.path, recorded.requestBody ?? .null)
            case "DELETE": try await client.delete(recorded.path)
            case "PATCH":
                try await client.patch(
                    recorded.path, recorded.contentType.flatMap(PatchType.init) ?? .merge, recorded.requestBody ?? patch)
            default: try await client.get(recorded.path)
            }
        }
    }

    @Test("lesson 1: the HTTP status decides, whatever the body is")
    func statusFirst() async throws {
        #expect(try await error("150").kind == .tooManyRequests(retryAfter: .seconds(1), .fairness))
        #expect(try await error("008").kind == .notFound(.path))
        #expect(try await error("010").kind == .notFound(.path))
        let timeout = try await error("244")
        #expect(timeout.kind == .timeout(outcomeUnknown: true))
        #expect(timeout.message.contains("did not complete within the allotted timeout"))
    }

    @Test("lesson 2: 409 means three things")
    func threeConflicts() async throws {
        #expect(try await error("021").kind == .alreadyExists)
        #expect(try await error("025").kind == .alreadyExists)
        #expect(try await error("192").kind == .alreadyExists)
        for number in ["058", "060", "072", "194"] { #expect(try await error(number).kind == .conflict, "\(number)") }
        #expect(try await error("082").kind == .fieldManagerConflict([.init(manager: "alice", field: ".spec.replicas")]))
    }

    @Test("lesson 3: 403 means five things, and none is a 401")
    func fiveRefusals() async throws {
        #expect(try await error("122").kind == .forbidden(.rbac))
        #expect(try await error("120").kind == .forbidden(.anonymous))
        #expect(try await error("208").kind == .forbidden(.quota))
        #expect(try await error("210").kind == .forbidden(.terminating))
        #expect(try await error("221").kind == .forbidden(.webhook))
        for number in ["121", "131", "133", "138", "140"] { #expect(try await error(number).kind == .unauthorized, "\(number)") }
    }

    @Test("lesson 4: 429 comes in three forms, and a disruption budget is not waited for")
    func threeThrottles() async throws {
        #expect(try await error("151").kind == .tooManyRequests(retryAfter: .seconds(1), .fairness))
        #expect(try await error("162").kind == .tooManyRequests(retryAfter: .seconds(1), .storage))
        let replay = try ReplayServer("154")
        defer { replay.server.stop() }
        let client = try replay.client(settings: .patient)
        let error = try await failure { () async throws(KubernetesError) in
            try await client.create("/api/v1/namespaces/tr/pods/web/eviction", .object([]))
        }
        #expect(error.kind == .tooManyRequests(retryAfter: nil, .disruptionBudget))
        #expect(replay.server.record.requests.count == 1)
    }

    @Test("lesson 4: a 429 is repeated after its Retry-After, also for a write")
    func throttledWriteIsRepeated() async throws {
        let replay = try ReplayServer("151", "073")
        defer { replay.server.stop() }
        let answer = try await replay.client(settings: .patient).patch(scale, .merge, patch)
        #expect(answer.object.text("kind") == "Scale")
        #expect(replay.server.record.requests.count == 2)
    }

    @Test("lesson 5: 410 comes as an event of a watch and as a status of a list")
    func twoKindsOfGone() async throws {
        let replay = try ReplayServer("242")
        defer { replay.server.stop() }
        var watch = try replay.client().watch("/api/v1/namespaces/tr/configmaps", from: "1266").makeAsyncIterator()
        do throws(KubernetesError) {
            let event = try await watch.next()
            Issue.record("expected 410, found \(String(describing: event))")
        } catch {
            #expect(error.kind == .gone(continue: nil))
        }
        #expect(try await error("251").kind == .gone(continue: nil))
        guard case .gone(continue: .some) = try await error("249").kind else {
            Issue.record("the fresh token of the 410 is lost")
            return
        }
    }

    @Test("lesson 5: a list whose page has expired goes on from the token of the 410 and says so")
    func expiredPage() async throws {
        let replay = try ReplayServer("027", "249", "250", "026")
        defer { replay.server.stop() }
        let list = try await replay.client().list("/apis/apps/v1/namespaces/tr/deployments", pageSize: 2)
        #expect(!list.isConsistent)
        let tokens = replay.server.record.requests.map { $0.query?.contains("continue=") ?? false }
        #expect(tokens == [false, true, true, true])
    }

    @Test("lesson 6: a watch that ends goes on from the last resourceVersion", arguments: ["113", "240", "252", "253"])
    func watchGoesOn(ending: String) async throws {
        // The second watch delivers, so that the test ends with an event and not with time.
        let replay = try ReplayServer(ending, ending, "100")
        defer { replay.server.stop() }
        let first = try Transcript(ending).lines?.count ?? 0
        var watch = try replay.client().watch("/api/v1/namespaces/tr/configmaps", from: "7").makeAsyncIterator()
        for _ in 0..<(2 * first) { _ = try await watch.next() }
        let event = try #require(try await watch.next())
        guard case .added = event else {
            Issue.record("expected ADDED, found \(event)")
            return
        }
        let requests = replay.server.record.requests
        #expect(requests.count == 3)
        let last = try Transcript(ending).lines?.last.flatMap { try? JSONDocument.parse($0).text("object", "metadata", "resourceVersion") }
        #expect(requests[0].query?.contains("resourceVersion=7&") == true)
        #expect(requests[1].query?.contains("resourceVersion=\(last ?? "7")&") == true)
    }

    @Test("lesson 7: a watch outlives its token, and the 401 that comes next has it read again")
    func watchAndToken() async throws {
        let folder = try TemporaryFolder()
        try folder.write("token", "first")
        let replay = try ReplayServer("132", "133", "100")
        defer { replay.server.stop() }
        let kubeconfig = try folder.kubeconfig(server: replay.server.url, user: "tokenFile: token")
        let access = try Kubeconfig(files: [kubeconfig]).access()
        let client = try KubernetesClient(access, settings: .once, clock: .withoutWaiting)
        _ = try await client.get(web)  // The first token is known now.
        try folder.write("token", "second")
        let event = try await client.watch("/api/v1/namespaces/tr/configmaps", from: "7").first { _ in true }
        #expect(event != nil)
        #expect(replay.server.record.requests.first?.header("Authorization") == "Bearer first")
        #expect(replay.server.record.requests.last?.header("Authorization") == "Bearer second")
    }

    @Test("lesson 8: a watch from the future is silent until its time is over, and a list from there is a time-out")
    func fromTheFuture() async throws {
        let replay = try ReplayServer("108", "108", "100")
        defer { replay.server.stop() }
        let event = try await replay.client().watch("/api/v1/namespaces/tr/configmaps", from: "99").first { _ in true }
        #expect(event != nil)
        #expect(replay.server.record.requests.allSatisfy { $0.query?.contains("timeoutSeconds=") == true })
        #expect(try await error("109").kind == .timeout(outcomeUnknown: false))
    }

    @Test("lesson 9: a Scale's PUT may lose against a status write, its JSON patch fails only by its test")
    func scaleRace() async throws {
        #expect(try await error("072").kind == .conflict)
        #expect(try await error("055").kind == .testFailed)
        let replay = try ReplayServer("074")
        defer { replay.server.stop() }
        let recorded = try Transcript("074")
        let answer = try await replay.client().patch(recorded.path, .json, try #require(recorded.requestBody))
        #expect(answer.object.text("kind") == "Scale")
        #expect(replay.server.record.requests.first?.header("Content-Type") == "application/json-patch+json")
    }

    @Test("lesson 10: a write that changes nothing keeps the resourceVersion, and is a success", arguments: ["053", "186"])
    func noChange(number: String) async throws {
        let replay = try ReplayServer(number)
        defer { replay.server.stop() }
        let answer = try await replay.client().patch(web, .merge, patch)
        #expect(answer.object.text("metadata", "resourceVersion")?.isEmpty == false)
    }

    @Test("lesson 11: a PUT without resourceVersion is not sent; another uid is refused")
    func unguardedUpdate() async throws {
        let replay = try ReplayServer("061")
        defer { replay.server.stop() }
        let client = try replay.client()
        let unguarded = try #require(try Transcript("061").requestBody)
        let error = try await failure { () async throws(KubernetesError) in try await client.update(web, unguarded) }
        #expect(error.kind == .unsafe)
        #expect(replay.server.record.requests.isEmpty)
        guard case .invalid(let causes) = try await self.error("059").kind else {
            Issue.record("another uid in a patch is 422")
            return
        }
        #expect(causes.first?.field == "metadata.uid")
        #expect(try await self.error("200").kind == .conflict)
    }

    @Test("lesson 12: strategic merge is refused for custom resources, and dropped fields are warned of")
    func customResources() async throws {
        let refused = try await error("170")
        #expect(refused.kind == .badRequest)
        #expect(refused.status == 415)
        #expect(try await error("168").kind == .badRequest)
        let replay = try ReplayServer("167")
        defer { replay.server.stop() }
        let answer = try await replay.client().create("/apis/example.test/v1/namespaces/tr/widgets", .object([]))
        #expect(answer.warnings.map(\.text) == ["unknown field \"spec.unknown\""])
    }

    @Test("lesson 13: a webhook that fails changed nothing; a time-out leaves it open")
    func webhookFailure() async throws {
        for number in ["222", "223"] {
            let error = try await error(number)
            #expect(error.kind == .serverError(retryable: true))
            #expect(!error.mayHaveBeenCarriedOut)
        }
        #expect(try await error("244").mayHaveBeenCarriedOut)
    }

    @Test("lesson 14: a 500 without a reason is not asked again", arguments: ["091", "106"])
    func notEvery500(number: String) async throws {
        let replay = try ReplayServer(number)
        defer { replay.server.stop() }
        let client = try replay.client(settings: .patient)
        let error = try await failure { () async throws(KubernetesError) in try await client.get(web) }
        #expect(error.kind == .serverError(retryable: false))
        #expect(replay.server.record.requests.count == 1)
    }

    @Test("lesson 15: a graceful deletion answers with the object, which is still there")
    func gracefulDeletion() async throws {
        let replay = try ReplayServer("207")
        defer { replay.server.stop() }
        let answer = try await replay.client().delete("/api/v1/namespaces/tr/pods/web", preconditions: .init(uid: "u"))
        #expect(answer.object.text("metadata", "deletionTimestamp")?.isEmpty == false)
        #expect(replay.server.record.requests.first?.text.contains("\"preconditions\":{\"uid\":\"u\"}") == true)
    }

    @Test("lesson 16: a Lease takes times with six digits only")
    func microTime() async throws {
        let refused = try await error("198")
        #expect(refused.kind == .badRequest)
        let record = LeaseRecord(
            holder: "a", durationSeconds: 15, acquired: .init(iso8601: "2026-01-01T00:00:00Z"),
            renewed: .init(iso8601: "2026-01-01T00:00:01.5Z"), transitions: 1)
        let spec = DocumentValue.object(record.members)
        #expect(spec.text("acquireTime") == "2026-01-01T00:00:00.000000Z")
        #expect(spec.text("renewTime") == "2026-01-01T00:00:01.500000Z")
        #expect(LeaseRecord(spec: spec) == record)
    }

    @Test("lesson 17: no answer to a read is asked for again; no answer to a write leaves it open")
    func stalledStorage() async throws {
        let replay = try ReplayServer("243", "244", "248")
        defer { replay.server.stop() }
        let answer = try await replay.client(settings: .patient).get(web)
        #expect(answer.object["metadata"] != nil)
        #expect(replay.server.record.requests.allSatisfy { $0.query?.contains("timeout=") == true })
        let silent = try ReplayServer("243")
        defer { silent.server.stop() }
        let client = try silent.client(settings: .patient)
        let error = try await failure { () async throws(KubernetesError) in try await client.patch(scale, .merge, patch) }
        #expect(error.kind == .outcomeUnknown)
        #expect(error.mayHaveBeenCarriedOut)
        #expect(silent.server.record.requests.count == 1)
    }

    @Test("lesson 18: a Status may lack its reason")
    func statusWithoutReason() async throws {
        let error = try await error("221")
        #expect(error.kind == .forbidden(.webhook))
        #expect(error.message.contains("the change window is closed"))
    }

    @Test("lesson 19: warnings come with successes and with failures, several at a time")
    func warnings() async throws {
        let replay = try ReplayServer("043")
        defer { replay.server.stop() }
        let answer = try await replay.client().create("/apis/apps/v1/namespaces/tr/deployments", .object([]))
        #expect(
            answer.warnings.map(\.text) == [
                "unknown field \"spec.template.spec.containers[0].imagee\"", "unknown field \"spec.replicass\"",
            ])
        #expect(try await error("221").warnings.map(\.text) == ["ask the on-call person"])
    }

    @Test("lesson 20: an absent number is zero to read, and is not written")
    func zeroIsAbsent() async throws {
        let replay = try ReplayServer("261")
        defer { replay.server.stop() }
        let client = try replay.client()
        let read = try await client.get(scale).object
        #expect(read["spec"]?["replicas"] == nil)
        let withoutReplicas = try #require(try Transcript("264").requestBody)
        let put = try await failure { () async throws(KubernetesError) in try await client.update(scale, withoutReplicas) }
        #expect(put.kind == .unsafe)
        let null = try #require(try Transcript("263").requestBody)
        let merge = try await failure { () async throws(KubernetesError) in try await client.patch(scale, .merge, null) }
        #expect(merge.kind == .unsafe)
        #expect(replay.server.record.requests.count == 1)
    }
}
