import Foundation
import KubernetesTestSupport
import TestSupport
import Testing

/// Every way a secret comes in, in one run, and every way something comes out.
@Suite("Secrets stay where they are") struct SecrecyTests {
    static let fileKey = "kq7fileKEYzz01"
    static let environmentKey = "kq7environKEYzz02"
    static let token = "kq7clusterTOKENzz03"
    static let password = "kq7prometheusPASSzz04"
    static let podSecret = "secret-of-a-pod"

    @Test("no key, token, password or prompt is in what a whole run prints, stores, writes or tells the cluster")
    func wholeRun() async throws {
        let folder = try TemporaryFolder()
        let state = try TemporaryFolder()
        let target = try OperatedCluster(
            folder: folder, token: Self.token, keys: [Self.fileKey, Self.environmentKey], plugin: true, echoes: true)
        let prometheus = try LoopbackServer { request, writer in
            try writer.answer(503, #"{"status":"error","errorType":"x","error":"refused \#(request.header("Authorization") ?? "")"}"#)
        }
        defer { prometheus.stop() }
        let keyFile = try folder.write(Self.fileKey + "\n", to: "key")
        let sources = """
            - {name: second, probe: {endpoint: "\(target.engine.server.url)/v1", provider: openai, model: tiny, rate: 1/s, keyFromEnvironment: KEY}}
                - {name: engine, prometheus: {url: "\(prometheus.url)", preset: vllm, user: reader, secretFromEnvironment: PASSWORD}}
            """
        let policy = try folder.write(
            target.engine.policy("chat", target: OperatedCluster.target, probe: ", keyFromFile: \(keyFile)", sources: sources),
            to: "chat.yaml")
        let secrets = ["KEY": Self.environmentKey, "PASSWORD": Self.password]
        let store = state.path("store.sqlite")
        var said: [String] = []
        func run(_ arguments: String...) async throws {
            let process = try OperatedProcess(arguments, environment: secrets, folder: folder)
            #expect(await process.status(within: .seconds(60)) != nil)
            said += [process.output, process.errors]
        }

        let controller = try OperatedProcess(
            ["run", "--policies", policy, "--kubeconfig", target.kubeconfig, "--store", store], environment: secrets, folder: folder)
        #expect(await eventually { target.replicas == 2 }, "\(controller.errors)")
        let line = try String(contentsOfFile: "/proc/\(controller.id)/cmdline", encoding: .utf8)
        let mark = target.cluster.object(.deployments, namespace: "llm", name: "chat")?.json ?? ""
        try await run("pause", "--store", store)
        #expect(await eventually { controller.errors.contains("VerificationPassed") }, "\(controller.errors)")
        controller.signal(SIGKILL)  // The log beside the store stays as it is.
        #expect(await controller.status(within: .seconds(5)) != nil)
        let files = try Self.contents(of: state.url)
        try await run("status", "--format", "json", "--store", store)
        try await run("history", "--store", store)
        let id = try #require(said.suffix(2).first?.split(separator: " ").first.map(String.init))
        for format in ["text", "json", "html"] { try await run("explain", id, "--format", format, "--store", store) }
        try await run("doctor", "--policy", policy, "--kubeconfig", target.kubeconfig, "--patience", "1")
        #expect(said.contains { $0.hasPrefix("<!doctype html>") } && said.contains { $0.contains("\"report_id\"") }, "reports were made")

        let seen = target.engine.server.record.requests
        let used = Set(seen.compactMap { $0.header("Authorization") })
        #expect(used == ["Bearer " + Self.fileKey, "Bearer " + Self.environmentKey], "both keys were used")
        #expect(prometheus.record.requests.contains { $0.header("Authorization")?.hasPrefix("Basic ") == true })
        let prompts = Set(seen.map(OperatedEngine.prompt)).filter { $0.count > 20 }.prefix(60)
        #expect(prompts.count > 20, "prompts differ")
        let told = target.cluster.writes.filter { $0.user == "controller" && $0.resource != "deployments.apps" }.map(\.after.json)
        let places: [(String, String)] =
            said.map { ("what a verb printed", $0) } + files
            + [
                ("the controller's output", controller.output + controller.errors), ("the command line", line),
                ("what was written to the cluster", told.joined()),
            ]
        for (place, text) in places {
            for secret in [Self.fileKey, Self.environmentKey, Self.token, Self.password, Self.podSecret] {
                #expect(!text.contains(secret), "\(secret) is in \(place)")
            }
            #expect(!prompts.contains { text.contains($0.prefix(40)) }, "a prompt is in \(place)")
        }
        for secret in [Self.fileKey, Self.environmentKey, Self.token, Self.password] { #expect(!mark.contains(secret)) }
        let login = Data("reader:\(Self.password)".utf8).base64EncodedString()
        #expect(!places.contains { $0.1.contains(login) }, "a password is one in base64 too")
    }

    /// Every file below a folder, as text of Latin letters: what is no text is searched too.
    private static func contents(of folder: URL) throws -> [(String, String)] {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
        let paths = (files?.allObjects ?? []).compactMap { $0 as? URL }.filter { !$0.hasDirectoryPath }
        let read = try paths.map {
            ($0.lastPathComponent, String(decoding: try Data(contentsOf: $0).map { $0 < 128 ? $0 : 46 }, as: UTF8.self))
        }
        #expect(read.contains { $0.0.hasSuffix("-wal") }, "the store's log is among \(read.map(\.0))")
        return read
    }
}
