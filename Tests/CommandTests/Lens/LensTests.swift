import Foundation
import TestSupport
import Testing

/// The load test's commands, with the real binary against a server on this machine.
@Suite struct LensTests {
    static let key = "sk-hunter2"

    private func benchmark(_ engine: OperatedEngine, _ more: [String], environment: [String: String] = [:]) throws -> CommandLineRun {
        try CommandLineRun(
            ["benchmark", "--endpoint", engine.server.url + "/v1", "--model", "tiny", "--prompt", "secret words"] + more,
            environment: environment)
    }

    @Test("a result compared with itself is no regression, and with a slower server's is one")
    func comparing() throws {
        let folder = try TemporaryFolder()
        let fast = try OperatedEngine(folder: folder, firstToken: { _ in 5 })
        let slow = try OperatedEngine(folder: folder, firstToken: { _ in 60 })
        defer {
            fast.stop()
            slow.stop()
        }
        let before = folder.path("before.json")
        let after = folder.path("after.json")
        let flags = ["--iterations", "60", "--concurrency", "4"]
        let run = try benchmark(fast, flags + ["--output", before, "--output", folder.path("before.html")])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("Requests: 60"))
        #expect(run.output.contains("TTFT (ms)"))
        #expect(FileManager.default.fileExists(atPath: folder.path("before.html")))
        #expect(try benchmark(slow, flags + ["--output", after]).status == 0)

        let same = try CommandLineRun(["compare", before, before])
        #expect(same.status == 0, "\(same.output)\(same.errors)")
        #expect(same.output.contains("No regression"))
        let worse = try CommandLineRun(["compare", before, after])
        #expect(worse.status == 1, "\(worse.output)\(worse.errors)")
        #expect(worse.output.contains("REGRESSION"))
        #expect(try CommandLineRun(["compare", after, before]).status == 0, "faster is no regression")
    }

    @Test("results with times centuries apart are written")
    func farApart() throws {
        let folder = try TemporaryFolder()
        let lines = ["1678-01-01T00:00:00Z", "2262-01-01T00:00:00Z"].map { "{\"timestamp\": \"\($0)\", \"ttft_ms\": 5, \"e2e_ms\": 9}\n" }
        let file = try folder.write(lines.joined(), to: "far.jsonl")
        let run = try CommandLineRun(["export", file, "--output", folder.path("far.html")])
        #expect(run.status == 0 && FileManager.default.fileExists(atPath: folder.path("far.html")), "\(run.errors)")
    }

    @Test("every format that a file's extension can tell is written, and requests are read back from lines")
    func formats() throws {
        let folder = try TemporaryFolder()
        let engine = try OperatedEngine(folder: folder, firstToken: { _ in 2 })
        defer { engine.stop() }
        let names = ["r.json", "r.jsonl", "r.csv", "r.pb", "r.msgpack", "r.lp", "r.prom", "r.txt", "r.html", "deep/r.llmperf.json"]
        let run = try benchmark(engine, ["-n", "12", "--format", "json"] + names.flatMap { ["--output", folder.path($0)] })
        #expect(run.status == 0, "\(run.errors)")
        for name in names { #expect(FileManager.default.fileExists(atPath: folder.path(name)), "\(name)") }
        #expect(run.output.hasPrefix("{\"metadata\""))

        let page = try CommandLineRun(["export", folder.path("r.jsonl"), "--output", folder.path("again.html")])
        #expect(page.status == 0, "\(page.errors)")
        let table = try CommandLineRun(["export", folder.path("r.json"), "--output", folder.path("again.csv")])
        #expect(table.status == 2)
        #expect(table.errors.contains("holds figures and no requests"))
        #expect(try CommandLineRun(["compare", folder.path("r.jsonl"), folder.path("r.jsonl")]).status == 0)
    }

    @Test("an import in the store is a result by its number, to be compared and written anew")
    func stored() throws {
        let folder = try TemporaryFolder()
        let lines = (0..<60).map {
            #"{"timestamp":"2026-11-21T05:00:00Z","model":"m","ttft_ms":\#(200 + $0),"e2e_ms":900,"output_tokens":5}"#
        }
        let file = try folder.write(lines.joined(separator: "\n"), to: "lines.jsonl")
        let store = ["--store", folder.path("store.sqlite")]
        let imported = try CommandLineRun(["import", file] + store)
        #expect(imported.output.contains("60 measurements, number 1"), "\(imported.output)\(imported.errors)")
        let comparison = try CommandLineRun(["compare", "1", file] + store)
        #expect(comparison.status == 0 && comparison.output.contains("No regression"), "\(comparison.errors)")
        let page = try CommandLineRun(["export", "1", "--output", folder.path("page.html")] + store)
        #expect(page.status == 0 && FileManager.default.fileExists(atPath: folder.path("page.html")), "\(page.errors)")
        let unknown = try CommandLineRun(["compare", "1", "7"] + store)
        #expect(unknown.status == 2)
        #expect(unknown.errors.contains("no import of that number") && unknown.errors.contains("1 (lines.jsonl)"), "\(unknown.errors)")
    }

    @Test("the highest rate that a search finds, and the lengths asked for, are in the results")
    func knee() throws {
        let folder = try TemporaryFolder()
        let engine = try OperatedEngine(folder: folder, firstToken: { _ in 2 })
        defer { engine.stop() }
        let results = folder.path("knee.json")
        let run = try CommandLineRun([
            "benchmark", "--endpoint", engine.server.url + "/v1", "--model", "tiny", "--input-tokens", "20-40", "--output-tokens", "4",
            "--find-knee", "--objective", "ttft=5s", "--rate", "10000", "-n", "10", "--output", results,
        ])
        #expect(run.output.contains("Highest rates:") && run.output.contains("highest good rate"), "\(run.output)\(run.errors)")
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: results))) as? [String: Any])
        #expect(((document["results"] as? [String: Any])?["highest_rates"] as? [[String: Any]])?.count == 1)
        let asked = (document["configuration"] as? [String: Any])?["test_parameters"] as? [String: Any]
        #expect((asked?["input_tokens"] as? [String: Any])?["distribution"] as? String == "uniform")
        #expect((asked?["output_tokens"] as? [String: Any])?["mean"] as? Int == 4)
    }

    @Test("Ctrl-C keeps the results so far and says so with 4", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) async throws {
        let folder = try TemporaryFolder()
        let engine = try OperatedEngine(folder: folder, firstToken: { _ in 10 })
        defer { engine.stop() }
        let results = folder.path("results.json")
        let process = try OperatedProcess(
            [
                "benchmark", "--endpoint", engine.server.url + "/v1", "--model", "tiny", "--prompt", "hi", "--duration", "60s", "--output",
                results,
            ], folder: folder)
        #expect(await engine.server.wait(until: { $0.requests.count > 10 }))
        process.signal(signal)
        #expect(await process.status(within: .seconds(10)) == 4)
        #expect(process.errors.contains("interrupted; the results so far were kept"), "\(process.errors)")
        let text = try String(contentsOfFile: results, encoding: .utf8)
        #expect(text.contains("\"stopped_early\""))
        #expect(process.output.contains("Success"), "\(process.output)")
    }

    @Test("a key and a prompt are in no output, also where the server repeats them")
    func secrets() throws {
        let folder = try TemporaryFolder()
        let engine = try OperatedEngine(folder: folder, keys: [Self.key], echoes: true, firstToken: { _ in 2 })
        defer { engine.stop() }
        let names = ["r.json", "r.jsonl", "r.csv", "r.html", "r.lp", "r.prom", "r.txt"]
        let run = try benchmark(
            engine, ["-n", "10", "--key-from-environment", "TEST_KEY"] + names.flatMap { ["--output", folder.path($0)] },
            environment: ["TEST_KEY": Self.key])
        #expect(run.status == 0, "\(run.errors)")
        let texts = try [run.output, run.errors] + names.map { try String(contentsOfFile: folder.path($0), encoding: .utf8) }
        for text in texts { #expect(!text.contains("hunter2") && !text.contains("secret words")) }
        #expect(engine.server.record.requests.contains { $0.header("Authorization") == "Bearer " + Self.key })
    }

    @Test("a customary key is sent to nobody but its provider")
    func customaryKey() throws {
        let folder = try TemporaryFolder()
        let engine = try OperatedEngine(folder: folder, firstToken: { _ in 2 })
        defer { engine.stop() }
        #expect(try benchmark(engine, ["-n", "3"], environment: ["OPENAI_API_KEY": Self.key]).status == 0)
        #expect(engine.server.record.requests.allSatisfy { $0.header("Authorization") == nil })
    }

    @Test("a file's scenarios are run for each of its models, and the models compared")
    func configuration() throws {
        let folder = try TemporaryFolder()
        let engine = try OperatedEngine(folder: folder, firstToken: { _ in 2 })
        defer { engine.stop() }
        let file = try folder.write(
            """
            providers:
              - {name: openai, models: [one, two], endpoint: "\(engine.server.url)/v1"}
            workload:
              scenarios:
                - {name: short, prompt: "What is the capital of France?", requests: 20, concurrency: 4}
                - {name: steady, prompt: "Write on", requests: 20, rate: 200/s, schedule: constant}
            execution: {max_concurrency: 50, warmup_requests: 2}
            output: {export: [{format: json, path: "\(folder.path("results"))/all_{timestamp}.json"}]}
            """, to: "benchmark.yaml")
        let run = try CommandLineRun(["compare", "--config", file, "--output", folder.path("results.json")])
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.contains("short") && run.output.contains("steady"))
        let written = try FileManager.default.contentsOfDirectory(atPath: folder.path("results"))
        #expect(written.count == 2 && written.allSatisfy { $0.hasSuffix("-one.json") || $0.hasSuffix("-two.json") }, "\(written)")
        #expect(FileManager.default.fileExists(atPath: folder.path("results-openai-one.json")))
    }

    @Test("a probe shows each request with its phases")
    func probe() throws {
        let folder = try TemporaryFolder()
        let engine = try OperatedEngine(folder: folder, firstToken: { _ in 5 })
        defer { engine.stop() }
        let run = try CommandLineRun(["probe", engine.server.url + "/v1", "--model", "tiny", "-n", "3"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("TTFT"))
        #expect(run.output.split(separator: "\n").count == 6)
        #expect(engine.server.record.connectionsOpened == 1)
    }

    @Test("a missed objective is 1, an endpoint that nobody answers 3")
    func answers() throws {
        let folder = try TemporaryFolder()
        let engine = try OperatedEngine(folder: folder, firstToken: { _ in 30 })
        let missed = try benchmark(engine, ["-n", "20", "-c", "4", "--objective", "ttft=1ms", "--attainment", "95%"])
        #expect(missed.status == 1, "\(missed.errors)")
        engine.stop()
        #expect(try benchmark(engine, ["-n", "2"]).status == 3)
        #expect(try CommandLineRun(["probe", engine.server.url, "--model", "m", "-n", "1"]).status == 3)
    }

    struct Mistake: CustomTestStringConvertible {
        let arguments: [String]
        let says: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let mistakes = [
        Mistake(arguments: ["benchmark", "--prompt", "hi"], says: "name a model with --model"),
        Mistake(arguments: ["benchmark", "--model", "m"], says: "one of --prompt, --dataset, --trace, --input-tokens"),
        Mistake(arguments: ["benchmark", "--model", "m", "--prompt", "hi", "--provider", "opnai"], says: "no provider is named 'opnai'"),
        Mistake(arguments: ["benchmark", "--model", "m", "--prompt", "hi", "--provider", "vllm"], says: "needs --endpoint"),
        Mistake(arguments: ["benchmark", "--model", "m", "--prompt", "hi", "--rate", "fast"], says: "--rate fast: expected a number"),
        Mistake(arguments: ["benchmark", "--model", "m", "--prompt", "hi", "--duration", "30"], says: "has no unit"),
        Mistake(arguments: ["benchmark", "--model", "m", "--prompt", "hi", "--find-knee"], says: "--find-knee needs --objective"),
        Mistake(
            arguments: ["benchmark", "--model", "m", "--prompt", "hi", "-o", "r.xlsx"], says: "the extension of r.xlsx tells no format"),
        Mistake(
            arguments: ["benchmark", "--model", "m", "--prompt", "hi", "--key-from-environment", "sk-hunter2"],
            says: "must be the name of an environment variable"),
        Mistake(
            arguments: ["benchmark", "--model", "m", "--prompt", "hi", "--endpoint", "http://user:hunter2@host/v1"],
            says: "must not carry a user or a password"),
        Mistake(arguments: ["benchmark", "--config", "nowhere.yaml"], says: "cannot read nowhere.yaml"),
        Mistake(arguments: ["benchmark", "--config", "b.yaml", "--model", "m"], says: "--config says all of the load"),
        Mistake(arguments: ["compare", "one.json"], says: "name two results"),
        Mistake(arguments: ["compare", "nowhere.json", "Makefile"], says: "cannot read the result nowhere.json"),
        Mistake(arguments: ["export", "Makefile", "--output", "a.html"], says: "cannot read the result Makefile"),
        Mistake(arguments: ["probe", "http://127.0.0.1:1", "--model", "m", "-n", "0"], says: "expected 1 to 1000"),
    ]

    @Test("a mistake is named with its cure before anything is sent, and no key is repeated", arguments: mistakes)
    func mistake(mistake: Mistake) throws {
        let run = try CommandLineRun(mistake.arguments, environment: ["OPENAI_API_KEY": ""])
        #expect(run.status == 2, "\(run.errors)")
        #expect(run.errors.contains(mistake.says), "\(run.errors)")
        #expect(run.output.isEmpty && !run.errors.contains("hunter2"))
    }
}
