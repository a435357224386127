import Documents
import FoundationEssentials
import Kubernetes
import Measurements
import Synchronization
import TestSupport
import Testing
import Transport

@Suite("where a client finds its cluster")
struct ConfigurationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func refusal(_ body: () throws -> some Sendable) throws -> ConfigurationError {
        try #require(throws: ConfigurationError.self) { _ = try body() }
    }

    @Test("of each name the first file that has it wins, and files that are not there are left out")
    func merging() throws {
        let first = try folder.write(
            "first",
            """
            contexts: [{name: a, context: {cluster: c, user: u, namespace: from-first}}]
            users: [{name: u, user: {token: one}}]
            """)
        let second = try folder.write(
            "second",
            """
            current-context: a
            clusters: [{name: c, cluster: {server: "https://second:6443/"}}]
            contexts: [{name: a, context: {cluster: other}}, {name: b, context: {cluster: c}}]
            users: [{name: u, user: {token: two}}]
            """)
        let environment = ["KUBECONFIG": "\(folder.path)/absent::\(first):\(second)"]
        let access = try ClusterAccess.found(environment: environment)
        #expect(access.server == "https://second:6443")
        #expect(access.namespace == "from-first")
        #expect(try ClusterAccess.found(environment: environment, context: "b").namespace == "default")
        let error = try refusal { try ClusterAccess.found(environment: environment, context: "c") }
        #expect(error.description.contains("there is no context 'c'; use one of: a, b"))
    }

    @Test("paths are seen from the folder of their file, and data goes before files")
    func certificates() throws {
        try folder.write("ca.pem", "authority")
        let relative = try folder.kubeconfig(server: "https://a:1", cluster: "certificate-authority: ca.pem", user: "token: t")
        #expect(try Kubeconfig(files: [relative]).access().tls.authorities == .file(folder.path + "/ca.pem"))
        let data = try folder.kubeconfig(
            server: "https://a:1", cluster: "certificate-authority-data: YXV0aG9yaXR5\n    certificate-authority: absent.pem",
            user: "client-certificate-data: Y2VydA==\n    client-key-data: a2V5")
        let tls = try Kubeconfig(files: [data]).access().tls
        #expect(tls.authorities == .memory(Array("authority".utf8)))
        #expect(tls.identity == .init(certificate: .memory(Array("cert".utf8)), key: .memory(Array("key".utf8))))
    }

    @Test("what is wrong is named with its file, its entry and the cure, and no secret")
    func refusals() throws {
        let cases: [(server: String, cluster: String, user: String, expected: String)] = [
            ("https://a:1", "certificate-authority: no.pem", "token: t", "cluster 'c': certificate-authority: cannot read"),
            ("https://a:1", "", "client-certificate-data: Y2VydA==", "user 'u': it has no 'client-key'"),
            ("https://a:1", "", "client-key-data: '!S3CRET!'", "'client-key-data' is not base64"),
            ("http://example.com", "", "token: S3CRET", "in the clear"),
            ("https://x:S3CRET@a:1", "", "token: t", "address is not one of scheme, host and port"),
            ("https://a:1", "proxy-url: http://p:1", "token: t", "set HTTPS_PROXY"),
            ("https://a:1", "insecure-skip-tls-verify: true\n    certificate-authority-data: YQ==", "token: t", "contradict"),
            ("https://a:1", "", "auth-provider: {name: gcp}", "use an 'exec' plugin"),
            ("https://a:1", "", "token: \"S3CRET\\nx\"", "'token' is not one line"),
            ("https://a:1", "", "exec: {command: p, apiVersion: v9}", "exec.apiVersion is none of"),
            (
                "https://a:1", "", "exec: {command: p, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}",
                "has no terminal"
            ),
            ("https://a:1", "", "as-groups: [g]", "without 'as'"),
        ]
        for (server, cluster, user, expected) in cases {
            let file = try folder.kubeconfig(server: server, cluster: cluster, user: user)
            let text = try refusal { try Kubeconfig(files: [file]).access() }.description
            #expect(text.contains(expected), "\(text)")
            #expect(!text.contains("S3CRET"), "\(text)")
        }
        let broken = try folder.write("broken", "users:\n- name: u\n  user: {token: S3CRET\n")
        let text = try refusal { try Kubeconfig(files: [broken]) }.description
        #expect(text.contains(broken) && text.contains("line"))
        #expect(!text.contains("S3CRET"))
    }

    @Test("a name that is there twice in one file is refused")
    func twice() throws {
        let file = try folder.write("twice", "users:\n- {name: u, user: {token: a}}\n- {name: u, user: {token: b}}\n")
        #expect(try refusal { try Kubeconfig(files: [file]) }.description.contains("the user 'u' is there twice"))
    }

    @Test("a pod finds its service account")
    func inCluster() throws {
        try folder.write("token", "t0ken\n")
        try folder.write("ca.crt", "authority")
        try folder.write("namespace", "llm")
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        let access = try ClusterAccess.inCluster(environment: environment, folder: folder.path)
        #expect(access.server == "https://[fd00::1]:443")
        #expect(access.namespace == "llm")
        #expect(access.tls.authorities == .file(folder.path + "/ca.crt"))
        #expect(try refusal { try ClusterAccess.inCluster(environment: [:]) }.description.contains("run in a pod"))
    }

    /// A server that tells which token it was given, refusing all but one.
    func server(accepting token: String) throws -> LoopbackServer {
        try LoopbackServer { request, writer in
            let isGood = request.header("Authorization") == "Bearer \(token)"
            try writer.answer(isGood ? 200 : 401, headers: [("Content-Type", "application/json")], isGood ? "{\"kind\":\"A\"}" : "{}")
        }
    }

    @Test("a token file is read again after a minute, and at once after a 401")
    func rotation() async throws {
        let now = Mutex(Duration.zero)
        let clock = ClientClock(now: { now.withLock { $0 } }, wall: ClientClock.system.wall, sleep: { _ in })
        let server = try LoopbackServer { _, writer in try writer.answer(200, "{}") }
        defer { server.stop() }
        try folder.write("token", "first")
        let file = try folder.kubeconfig(server: server.url, user: "tokenFile: token")
        let client = try KubernetesClient(try Kubeconfig(files: [file]).access(), settings: .once, clock: clock)
        _ = try await client.get("/version")
        try folder.write("token", "second")
        now.withLock { $0 = .seconds(59) }
        _ = try await client.get("/version")
        now.withLock { $0 = .seconds(60) }
        _ = try await client.get("/version")
        // While the file is away the last token serves.
        try FileManager.default.removeItem(atPath: folder.path + "/token")
        now.withLock { $0 = .seconds(200) }
        _ = try await client.get("/version")
        #expect(server.record.requests.map { $0.header("Authorization") } == ["first", "first", "second", "second"].map { "Bearer \($0)" })

        let strict = try self.server(accepting: "third")
        defer { strict.stop() }
        try folder.write("token", "stale")
        let other = try folder.kubeconfig(server: strict.url, user: "tokenFile: token")
        let second = try KubernetesClient(try Kubeconfig(files: [other]).access(), settings: .patient, clock: clock)
        let error = try await failure { () async throws(KubernetesError) in try await second.get("/version") }
        #expect(error.kind == .unauthorized)
        #expect(strict.record.requests.count == 1, "the same token is not offered twice")
        try folder.write("token", "third")
        #expect(try await second.get("/version").object.text("kind") == "A")
    }

    /// A client whose plugin is a script.
    func client(
        _ server: LoopbackServer, script: String, exec: String = "", clock: ClientClock = .system,
        version: String = "client.authentication.k8s.io/v1"
    ) throws -> KubernetesClient {
        try folder.write("plugin", "#!/bin/sh\n" + script, isExecutable: true)
        let file = try folder.kubeconfig(
            server: server.url, user: "exec: {apiVersion: \(version), command: ./plugin, interactiveMode: Never\(exec)}")
        return try KubernetesClient(try Kubeconfig(files: [file]).access(), settings: .patient, clock: clock)
    }

    func credential(_ status: String, version: String = "client.authentication.k8s.io/v1") -> String {
        "echo '{\"apiVersion\":\"\(version)\",\"kind\":\"ExecCredential\",\"status\":{\(status)}}'\n"
    }

    @Test("a plugin is told of the cluster, gets its arguments without a shell, and is run once for many requests")
    func plugin() async throws {
        let server = try server(accepting: "from-plugin")
        defer { server.stop() }
        let script = """
            cd "$(dirname "$0")"; echo run >> runs; printf '%s' "$KUBERNETES_EXEC_INFO" > info; printf '%s' "$1" > argument; printf '%s' "$VAR" > variable

            """
        let client = try client(
            server, script: script + credential("\"token\":\"from-plugin\""),
            exec: ", args: ['$(touch no); x'], env: [{name: VAR, value: v}], provideClusterInfo: true")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = try await client.get("/version") } }
            try await group.waitForAll()
        }
        #expect(try folder.read("runs") == "run\n")
        #expect(try folder.read("argument") == "$(touch no); x")
        #expect(try folder.read("variable") == "v")
        let info = try JSONDocument.parse(folder.read("info"))
        #expect(info.text("spec", "cluster", "server") == server.url)
        #expect(info["spec"]?["interactive"] == .boolean(false))
        #expect(info.text("kind") == "ExecCredential")
    }

    @Test("a plugin is run again when what it gave has expired, and after a 401")
    func expiry() async throws {
        let wall = Mutex(try #require(Timestamp(iso8601: "2026-01-01T00:00:00Z")))
        let clock = ClientClock(now: { .zero }, wall: { wall.withLock { $0 } }, sleep: { _ in })
        let server = try LoopbackServer { request, writer in
            try writer.answer(request.header("Authorization") == "Bearer token-2" ? 401 : 200, "{}")
        }
        defer { server.stop() }
        let count = "cd \"$(dirname \"$0\")\"; echo x >> runs; n=$(wc -l < runs | tr -d ' ')\n"
        let answer =
            "echo \"{\\\"apiVersion\\\":\\\"client.authentication.k8s.io/v1beta1\\\",\\\"kind\\\":\\\"ExecCredential\\\",\\\"status\\\":"
            + "{\\\"token\\\":\\\"token-$n\\\",\\\"expirationTimestamp\\\":\\\"2026-01-01T0$n:00:00Z\\\"}}\"\n"
        let client = try client(server, script: count + answer, clock: clock, version: "client.authentication.k8s.io/v1beta1")
        _ = try await client.get("/version")
        wall.withLock { $0 = $0.advanced(by: .seconds(3_599)) }
        _ = try await client.get("/version")
        wall.withLock { $0 = $0.advanced(by: .seconds(1)) }
        _ = try await client.get("/version")
        #expect(
            server.record.requests.map { $0.header("Authorization") } == [1, 1, 2, 3].map { "Bearer token-\($0)" },
            "expired once, refused once")
    }

    @Test(
        "what is wrong with a plugin is told without what it printed",
        arguments: [
            ("echo S3CRET; exit 3", "it ended with"), ("echo S3CRET", "it printed no ExecCredential"),
            ("head -c 2000000 /dev/zero", "it printed more than 1048576 bytes"),
            ("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"v9\",\"status\":{\"token\":\"S3CRET\"}}'", "another apiVersion"),
            (
                "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"clientKeyData\":\"S3CRET\"}}'",
                "no whole credential"
            ),
        ])
    func badPlugin(script: String, expected: String) async throws {
        let server = try server(accepting: "none")
        defer { server.stop() }
        let client = try client(server, script: script + "\n")
        let error = try await failure { () async throws(KubernetesError) in try await client.get("/version") }
        #expect(error.kind == .credentials)
        #expect(error.message.contains(expected), "\(error)")
        #expect(!error.description.contains("S3CRET"))
        #expect(server.record.requests.isEmpty)
    }

    @Test("a plugin that is not there is told with its hint")
    func absentPlugin() async throws {
        let server = try server(accepting: "none")
        defer { server.stop() }
        let file = try folder.kubeconfig(
            server: server.url,
            user: "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin-here, installHint: get it from Ada}")
        let client = try KubernetesClient(try Kubeconfig(files: [file]).access())
        let error = try await failure { () async throws(KubernetesError) in try await client.get("/version") }
        #expect(error.message.contains("no-such-plugin-here") && error.message.contains("get it from Ada"), "\(error)")
    }

    @Test("requests bear whom to act as, and passwords as Basic does")
    func impersonation() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(200, "{}") }
        defer { server.stop() }
        let file = try folder.kubeconfig(
            server: server.url, user: "username: ada\n    password: 'x:y'\n    as: bob\n    as-groups: [g1, g2]")
        let client = try KubernetesClient(try Kubeconfig(files: [file]).access())
        _ = try await client.get("/version")
        let request = try #require(server.record.requests.first)
        #expect(request.header("Authorization") == "Basic YWRhOng6eQ==")
        #expect(request.header("Impersonate-User") == "bob")
        #expect(request.headers.filter { $0.name == "Impersonate-Group" }.map(\.value) == ["g1", "g2"])
        #expect(request.header("Accept-Encoding") == nil)
    }
}
