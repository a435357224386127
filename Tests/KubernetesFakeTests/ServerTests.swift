import Foundation
import KubernetesTestSupport
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite("The fake API server over HTTP")
struct ServerTests {
    private func send(_ request: FakeRequest, to server: String) async throws -> (Int, [UInt8]) {
        var message = URLRequest(url: try #require(URL(string: server + request.target)))
        message.httpMethod = request.method
        message.timeoutInterval = 10
        for header in request.headers { message.setValue(header.value, forHTTPHeaderField: header.name) }
        if !request.body.isEmpty { message.httpBody = Data(request.body) }
        let (data, response) = try await URLSession.shared.data(for: message)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, Array(data))
    }

    private static let watch = "/apis/apps/v1/namespaces/llm/deployments?watch=1"

    private func events(_ bytes: [UInt8]) throws -> [JSONValue] {
        try bytes.split(separator: 10).map { try JSONValue.parse(Array($0)) }
    }

    @Test("an object is read, patched and scaled; a token that nobody has is 401")
    func requests() async throws {
        let workload = TestWorkload()
        let server = try FakeAPIServer(workload.cluster)
        defer { server.stop() }
        let (read, body) = try await send(TestWorkload.request("GET"), to: server.url)
        #expect(read == 200)
        #expect(try JSONValue.parse(body)["metadata", "name"] == "chat")
        let scale = TestWorkload.request("PATCH", TestWorkload.path + "/scale", ["spec": ["replicas": 4]])
        #expect(try await send(scale, to: server.url).0 == 200)
        #expect(workload.deployment["spec", "replicas"] == 4)
        #expect(try await send(TestWorkload.request("GET", token: "other"), to: server.url).0 == 401)
    }

    @Test("a watch ends in good order after its timeout, with a bookmark where one was asked for")
    func watchTimeout() async throws {
        let workload = TestWorkload()
        let server = try FakeAPIServer(workload.cluster)
        defer { server.stop() }
        let plain = try await send(TestWorkload.request("GET", Self.watch + "&timeoutSeconds=1"), to: server.url)
        #expect(try events(plain.1).compactMap { $0["type"]?.text } == ["ADDED"])
        #expect(workload.cluster.openWatches == 0)
        workload.cluster.compact()
        let gone = try await send(TestWorkload.request("GET", Self.watch + "&resourceVersion=1"), to: server.url)
        #expect(gone.0 == 200)
        #expect(try events(gone.1).first?["object", "code"] == 410)
    }

    @Test(
        "a lost answer and a cut in the answer are errors of the connection, after the write",
        arguments: [Fault.Effect.answerLost, .cutInAnswer])
    func cuts(effect: Fault.Effect) async throws {
        let workload = TestWorkload()
        let server = try FakeAPIServer(workload.cluster)
        defer { server.stop() }
        workload.cluster.inject(Fault(effect))
        let scale = TestWorkload.request("PATCH", TestWorkload.path + "/scale", ["spec": ["replicas": 4]])
        await #expect(throws: URLError.self) { try await send(scale, to: server.url) }
        #expect(workload.deployment["spec", "replicas"] == 4)
    }

    @Test("a stalled write is carried out when it is released, however late")
    func stall() async throws {
        let workload = TestWorkload()
        let server = try FakeAPIServer(workload.cluster)
        defer { server.stop() }
        let fault = TestWorkload.request("POST", "/_faults", ["effect": "stall", "match": ["verb": "patch"]])
        #expect(try await send(fault, to: server.url).0 == 200)
        let scale = TestWorkload.request("PATCH", TestWorkload.path + "/scale", ["spec": ["replicas": 4]])
        async let answer = send(scale, to: server.url)
        while workload.cluster.stalledRequests == 0 { await Task.yield() }
        #expect(workload.deployment["spec", "replicas"] == 2)
        #expect(try await send(TestWorkload.request("POST", "/_release"), to: server.url).0 == 200)
        #expect(try await answer.0 == 200)
        #expect(workload.deployment["spec", "replicas"] == 4)
        let log = try JSONValue.parse(try await send(FakeRequest("GET", "/_log"), to: server.url).1)
        #expect(log["writes"]?.elements.last?["after", "spec", "replicas"] == 4)
    }

    @Test(
        "as a process it prints its address, logs writes as lines of JSON, and ends on SIGTERM or when its input closes",
        arguments: [true, false])
    func process(bySignal: Bool) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "fake-api-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let manifest = folder.appending(path: "chat.yaml").path
        let log = folder.appending(path: "writes.jsonl").path
        try Self.manifest.write(toFile: manifest, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = Bundle.main.bundleURL.deletingLastPathComponent().appending(path: "FakeKubernetesAPI")
        if !FileManager.default.isExecutableFile(atPath: process.executableURL?.path ?? "") {
            process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "FakeKubernetesAPI")
        }
        process.arguments = ["--manifest", manifest, "--log", log]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let url =
            String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
        let scale = TestWorkload.request("PATCH", TestWorkload.path + "/scale", ["spec": ["replicas": 3]], token: "fake-token")
        #expect(try await send(scale, to: url).0 == 200)
        if bySignal { process.terminate() } else { try input.fileHandleForWriting.close() }
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let lines = try events(Array(Data(contentsOf: URL(filePath: log))))
        #expect(lines.first?["subresource"] == "scale")
        #expect(lines.contains { $0["after", "status", "readyReplicas"] == 3 })
    }

    private static let manifest = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: chat, namespace: llm}
        spec:
          replicas: 2
          selector: {matchLabels: {app: chat}}
          template:
            metadata: {labels: {app: chat}}
            spec:
              containers: [{name: engine, image: "vllm:1", args: ["--max-num-seqs", "64"]}]
        """
}
