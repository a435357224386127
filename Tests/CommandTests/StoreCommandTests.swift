import Foundation
import TestSupport
import Testing

/// From import to replay, through the binary, with a store of its own.
@Suite struct StoreCommandTests {
    static let policy = "policies/llamacpp-slots.yaml"
    static let results = "Examples/results/chat-overloaded.jsonl"

    let folder: TemporaryFolder
    let store: String

    init() throws {
        folder = try TemporaryFolder()
        store = folder.path("store.sqlite")
    }

    func run(_ arguments: String...) throws -> CommandLineRun { try CommandLineRun(arguments + ["--store", store]) }

    @Test("the same content counts once, whatever the file is called")
    func importedOnce() throws {
        let copy = folder.path("copy.jsonl")
        try FileManager.default.copyItem(at: CommandLineRun.repository.appending(path: Self.results), to: URL(filePath: copy))
        #expect(try run("import", Self.results).output.contains("404 measurements"))
        let again = try run("import", copy)
        #expect(again.status == 0 && again.output.contains("counts once"))
        #expect(try run("export", "--format", "csv").output.split(separator: "\n").count == 405)
    }

    @Test("measurements older than a store keeps are told to be removed again")
    func outdated() throws {
        let lines = (1...3).map { "{\"timestamp\": \"2001-01-0\($0)T00:00:00Z\", \"ttft_ms\": 5, \"e2e_ms\": 9}\n" }.joined()
        let run = try run("import", try folder.write(lines, to: "old.jsonl"))
        #expect(run.status == 0)
        #expect(run.errors.contains("old.jsonl: of its measurements 3 are older than the 90d a store keeps"), "\(run.errors)")
    }

    @Test("what is exported is imported again without loss", arguments: ["json", "csv"])
    func roundTrip(format: String) throws {
        _ = try run("import", Self.results, "Examples/results/chat-healthy.jsonl")
        let exported = folder.path("export.\(format)")
        #expect(try run("export", "--format", format, "--output", exported).status == 0)
        let second = folder.path("second.sqlite")
        let imported = try CommandLineRun(["import", exported, "--strict", "--store", second])
        #expect(imported.output.contains("908 measurements"), "\(imported.output)\(imported.errors)")
        let statistics = ["export", "--what", "statistics", "--format", "csv", "--store"]
        #expect(try CommandLineRun(statistics + [second]).output == CommandLineRun(statistics + [store]).output)
    }

    @Test("statistics are those of the whole, or of every window")
    func statistics() throws {
        _ = try run("import", Self.results)
        let whole = try run("export", "--what", "statistics", "--format", "csv").output.split(separator: "\n")
        #expect(whole.first?.hasPrefix("window,model,provider,endpoint,figure,unit,count,mean,p50") == true)
        #expect(whole.contains { $0.hasPrefix(",tiny-llama,local,http://llamacpp.example:8080/v1,ttft,ms,404,") })
        let windows = try run("export", "--what", "statistics", "--format", "csv", "--window", "15s").output.split(separator: "\n")
        let counts = windows.filter { $0.contains(",ttft,ms,") }.compactMap { Int($0.split(separator: ",")[6]) }
        #expect(counts.count == 5 && counts.reduce(0, +) == 404)
        #expect(try run("export", "--what", "statistics", "--window", "15").errors.contains("has no unit; write 15s"))
        #expect(try run("export", "--window", "15s").status == 2)
    }

    @Test("a decision is listed, explained by a prefix of its name, and derived again")
    func decided() throws {
        let first = try run("recommend", "--policy", Self.policy, "--import", Self.results, "--current", "slots=2")
        #expect(first.output.hasPrefix("Change slots from 2 to 4"))
        let history = try run("history")
        #expect(history.output.contains("llamacpp-slots: slots 2 → 4"))
        let id = String(history.output.prefix(8))
        let explained = try run("explain", id)
        #expect(explained.output == first.output)
        let replayed = try run("replay", id)
        #expect(replayed.status == 0 && replayed.output.contains("identical"))
        let page = folder.path("report.html")
        #expect(try run("explain", id, "--format", "html", "--output", page).status == 0)
        #expect(try String(contentsOfFile: page, encoding: .utf8).hasPrefix("<!doctype html>"))
    }

    @Test("commands that write at the same time wait for each other")
    func together() throws {
        let one =
            "llm-auto-optimizer recommend --policy \(Self.policy) --import \(Self.results) --current slots=2 --store \(store) >/dev/null"
        let run = try ShellRun("for i in 1 2 3 4; do (\(one); echo ended $?) & done; wait", stateFolder: folder.url.path)
        #expect(run.output.split(separator: "\n").filter { $0 == "ended 1" }.count == 4, "\(run.output)")
        #expect(try self.run("history").output.split(separator: "\n").count == 4)
    }

    @Test("a link stays a link, and a pipe is written to")
    func outputs() throws {
        let real = try folder.write("old", to: "real.txt")
        let link = folder.path("link.txt")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: real)
        _ = try run("recommend", "--policy", Self.policy, "--import", Self.results, "--output", link)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == real)
        #expect(try String(contentsOfFile: real, encoding: .utf8).hasPrefix("Change slots"))
        let pipe = folder.path("pipe")
        let piped = try ShellRun(
            "mkfifo \(pipe); cat \(pipe) & llm-auto-optimizer history --store \(store) --output \(pipe); wait", stateFolder: folder.url.path
        )
        #expect(piped.output.contains("llamacpp-slots"))
        #expect(try run("history", "--output", folder.url.path).errors.contains("Is a directory"))
        #expect(try run("history", "--output", "").status == 2)
    }

    @Test("a manifest gives the settings in force and makes the patch of an argument exact")
    func manifest() throws {
        let manifest = try folder.write(
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: chat-8b, namespace: llm}
            spec:
              replicas: 3
              template:
                spec:
                  containers:
                  - name: vllm
                    args: ["--model", "m", "--max-num-seqs=64"]
            """, to: "deployment.yaml")
        let results = (0..<60).map { index in
            #"{"timestamp":"2026-11-21T05:00:\#(index < 10 ? "0" : "")\#(index)Z","model":"m","ttft_ms":\#(200 + index * 40),"e2e_ms":9000,"output_tokens":50}"#
        }.joined(separator: "\n")
        let file = try folder.write(results, to: "slow.jsonl")
        let run = try run(
            "recommend", "--policy", "policies/vllm-chat-latency.yaml", "--import", file, "--manifest", manifest, "--format", "json")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], "\(run.errors)")
        let state = try #require((document["current_state"] as? [String: Any])?["settings"] as? [String: [String: Any]])
        #expect(state["replicas"]?["value"] as? Int == 3 && state["replicas"]?["origin"] as? String == "manifest")
        #expect(state["maxNumSeqs"]?["value"] as? Int == 64)
        #expect(run.status == 1)
        let recommendations = try #require(document["recommendations"] as? [[String: Any]])
        #expect(recommendations.contains { $0["kubernetes_patch"] != nil })
        let id = try #require(document["report_id"] as? String)
        #expect(try self.run("explain", id, "--format", "json").output == run.output, "the patches of then, without the manifest of now")
    }

    @Test("a bad record is named with its line, counted and skipped; strict fails and keeps nothing")
    func badRecords() throws {
        let file = try folder.write(#"{"ttft_ms": 5}"# + "\n" + #"{"ttft_ms": -3}"# + "\n" + #"{"ttft_ms": "NaN"}"# + "\n", to: "bad.jsonl")
        let strict = try run("import", file, "--strict")
        #expect(strict.status == 2 && strict.errors.contains("bad.jsonl:2:"))
        let lenient = try run("import", file)
        #expect(lenient.status == 0 && lenient.output.contains("2 measurements, 1 bad records skipped"))
        #expect(lenient.errors.contains("bad.jsonl:2: ttft_ms is -3"))
    }

    @Test(
        "the JSON of a real run is valid under the schema",
        .enabled(if: SharedData.isPresent && Python.has("jsonschema"), "needs ../shared and python3 with jsonschema"))
    func schema() throws {
        let run = try run("recommend", "--policy", Self.policy, "--import", Self.results, "--current", "slots=2", "--format", "json")
        let script = """
            import json, sys, jsonschema
            jsonschema.validate(json.load(sys.stdin), json.load(open(r'\(SharedData.path("spec/performance-feedback.schema.json"))')),
                cls=jsonschema.Draft7Validator, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
            """
        try Python.run(script, input: run.output)
    }
}
