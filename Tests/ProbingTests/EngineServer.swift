import Foundation
import Probing
import TestSupport
import Transport

/// A real engine, as a Python package brings it, on a port of this machine.
final class EngineServer {
    let url: String
    let client: HTTPClient
    private let process = Process()

    /// `xllamacpp` and a model `tiny.gguf`; `make test-engines` makes both.
    private static let llamaEnvironment = ProcessInfo.processInfo.environment["AUTO_OPTIMIZER_ENGINES"] ?? ""
    /// `vllm`, for a processor; `make test-engines` makes it.
    private static let vllmEnvironment = ProcessInfo.processInfo.environment["AUTO_OPTIMIZER_VLLM"] ?? ""
    private static let llamaScript = SharedData.path("tools/engines/xll_serve.py")
    private static let vllmModel = SharedData.path("tools/engines/tiny-model")

    static var hasLlama: Bool { exist(llamaEnvironment, ["/bin/python", "/tiny.gguf"], llamaScript) }
    static var hasVLLM: Bool { exist(vllmEnvironment, ["/bin/python", "/bin/vllm"], vllmModel) }

    private static func exist(_ environment: String, _ names: [String], _ more: String) -> Bool {
        !environment.isEmpty && (names.map { environment + $0 } + [more]).allSatisfy { FileManager.default.fileExists(atPath: $0) }
    }

    static func llama() async throws -> EngineServer {
        try await EngineServer(llamaEnvironment, patience: .seconds(20)) { port in
            [llamaScript, llamaEnvironment + "/tiny.gguf", port, "2"]
        }
    }

    /// With random weights; no file of the model's is fetched, and nothing is told about its use.
    static func vllm() async throws -> EngineServer {
        let settings = [
            "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1",
        ]
        return try await EngineServer(vllmEnvironment, settings: settings, patience: .seconds(240)) { port in
            [
                vllmEnvironment + "/bin/vllm", "serve", vllmModel, "--served-model-name", "tiny", "--load-format", "dummy", "--dtype",
                "bfloat16", "--max-model-len", "2048", "--host", "127.0.0.1", "--port", port, "--enforce-eager", "--max-num-seqs", "8",
            ]
        }
    }

    /// Runs a Python script in a process group of its own, without the mask of signals that a test inherits.
    private static let launch = """
        import os, signal, sys
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.setpgid(0, 0)
        os.execv(sys.executable, [sys.executable] + sys.argv[1:])
        """

    /// Returns when it takes requests.
    private init(
        _ environment: String, settings: [String: String] = [:], patience: Duration, arguments: (_ port: String) -> [String]
    ) async throws {
        let probe = try LoopbackServer { _, _ in }  // Its port was free a moment ago: the engine cannot be told to choose one.
        let port = probe.port
        probe.stop()
        url = "http://127.0.0.1:\(port)"
        client = try HTTPClient()
        process.executableURL = URL(filePath: environment + "/bin/python")
        process.arguments = ["-c", Self.launch] + arguments("\(port)")
        process.environment = ProcessInfo.processInfo.environment.merging(settings) { _, new in new }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let end = ContinuousClock.now.advanced(by: patience)
        while true {
            let answer = try? await client.send(HTTPRequest(url: url + "/health"))  // Until it listens there is none.
            if answer?.status == 200 { return }
            guard process.isRunning, ContinuousClock.now < end else {
                stop()
                throw NotReady()
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    struct NotReady: Error {}

    func exchange(_ name: String, path: String = "/v1") throws -> StreamExchange {
        let provider = try ProviderRegistry.entry(name).provider(model: "tiny", options: ProviderOptions(endpoint: url))
        return StreamExchange(client: client, provider: provider, endpoint: url + path, model: "tiny", timeout: .seconds(20))
    }

    /// The sum of all series of a metric on the engine's own page.
    func metric(_ name: String) async throws -> Double {
        let page = String(decoding: try await client.send(HTTPRequest(url: url + "/metrics")).body, as: UTF8.self)
        return page.split(separator: "\n").filter { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }

    func stop() {
        kill(-process.processIdentifier, SIGKILL)  // With the processes it started.
        process.waitUntilExit()
    }
}
