import Documents
import Foundation
import TestSupport
import Testing

/// Back-tests through the binary.
@Suite struct SimulateTests {
    static let policy = "Examples/simulate/chat.yaml"
    static let trace = "Examples/simulate/evening.csv"

    let folder: TemporaryFolder
    let store: String

    init() throws {
        folder = try TemporaryFolder()
        store = folder.path("store.sqlite")
    }

    func run(_ arguments: String...) throws -> CommandLineRun { try CommandLineRun(["simulate"] + arguments + ["--store", store]) }

    /// A short load that one engine serves with ease.
    private static let easy = ["--trace", "constant:rate=2", "--duration", "4m", "--warm-up", "1m", "--engine", "L7-H100"]

    private func simulate(_ more: String...) throws -> CommandLineRun {
        try CommandLineRun(["simulate"] + Self.easy + more + ["--store", store])
    }

    @Test("a bundled trace is tried on a policy and fleets, and comes out the same a second time")
    func bundled() throws {
        let arguments = ["--trace", Self.trace, "--policy", Self.policy, "--against", "fixed:1,fixed:2", "--engine", "L7-H100"]
        let one = try CommandLineRun(["simulate"] + arguments + ["--seeds", "2", "--max-num-seqs", "8", "--no-store"])
        let other = try CommandLineRun(["simulate"] + arguments + ["--seeds", "2", "--max-num-seqs", "8", "--no-store"])
        #expect(one.output == other.output && !one.output.isEmpty, "\(one.errors)")
        #expect([0, 1].contains(one.status), "\(one.errors)")
        for name in ["evening-chat", "fixed:1", "fixed:2", "Pareto front", "±"] { #expect(one.output.contains(name), "\(name)") }
    }

    @Test("the scorecard is a document and a page as well")
    func formats() throws {
        let json = try simulate("--against", "fixed:1,fixed", "--seeds", "2", "--format", "json")
        let document = try Array(json.output.utf8).withUnsafeBytes { try JSONDocument.parse($0) }
        #expect(document["contestants"]?.elements.compactMap { $0["name"]?.text } == ["fixed:1", "fixed"])
        let attainment = try #require(
            document["contestants"]?.elements.first?["figures"]?["attainment"]?["estimate"]?["mean"]?.number.value)
        #expect(attainment > 0.9 && attainment <= 1)
        let page = folder.path("card.html")
        let html = try simulate("--against", "fixed:1,fixed:2", "--seeds", "1", "--format", "html", "--output", page)
        #expect(html.status == 0 && html.output.isEmpty, "\(html.errors)")
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("<svg"))
    }

    @Test(
        "every load that can be named is simulated",
        arguments: [
            "step:before=1,after=3,at=2m", "ramp:from=1,to=3,over=3m", "diurnal:mean=2,amplitude=50%,period=4m",
            "spike:base=1,peak=5,at=1m,for=30s",
            "drift:rate=2,factor=3,over=4m", "constant:rate=2/s,bursts=3",
        ])
    func shapes(shape: String) throws {
        let run = try run(
            "--trace", shape, "--duration", "4m", "--warm-up", "1m", "--engine", "L7-H100", "--against", "fixed:1", "--seeds", "1")
        #expect(run.status == 0 && run.output.contains(shape), "\(run.errors)")
    }

    @Test("tables of rates and of clients, Azure's and Mooncake's records are told apart by their content")
    func files() throws {
        let files = [
            "rates.csv": "t_s,rate_rps\n0,1\n60,2\n120,1\n180,1\n",
            "clients.csv": "client,t_s,rate_rps,cv,family,arg1\na,0,1.5,2,Gamma,0.5\nb,0,0.5,1,Exponential,1\n",
            "azure.csv": "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                + (0..<200).map {
                    "2023-11-16 18:\($0 / 60 < 10 ? "0" : "")\($0 / 60):\($0 % 60 < 10 ? "0" : "")\($0 % 60).5,300,40\n"
                }.joined(),
            "mooncake.jsonl": (0..<100).map {
                "{\"timestamp\": \($0 * 2_000), \"input_length\": 700, \"output_length\": 30, \"hash_ids\": [1]}\n"
            }.joined(),
        ]
        for (name, text) in files {
            let run = try run(
                "--trace", try folder.write(text, to: name), "--warm-up", "10s", "--engine", "L7-H100", "--against", "fixed:1", "--seeds",
                "1")
            #expect(run.status == 0 && run.output.contains(name), "\(name): \(run.errors)")
        }
    }

    @Test("the load that was drawn is written as a trace, and read again is the same load")
    func written() throws {
        let file = folder.path("drawn.csv")
        let drawn = try simulate("--against", "fixed:1", "--seeds", "1", "--format", "json", "--write-trace", file)
        let read = try run(
            "--trace", file, "--duration", "4m", "--warm-up", "1m", "--engine", "L7-H100", "--against", "fixed:1", "--seeds", "1",
            "--format", "json")
        func requests(_ run: CommandLineRun) throws -> Double? {
            try Array(run.output.utf8).withUnsafeBytes { try JSONDocument.parse($0) }["circumstances"]?["requests"]?.number.value
        }
        let count = try #require(try requests(drawn))
        #expect(count > 300)
        #expect(try requests(read) == count, "\(read.errors)")
    }

    @Test("the autoscalers of others are tried under the names they have, with options, beside our planner")
    func baselines() throws {
        let names = ["hpa:target=4", "keda", "kpa", "wva", "dynamo", "aibrix", "ray", "planner"]
        let run = try simulate("--against", names.joined(separator: ","), "--seeds", "1")
        #expect(run.status == 0, "\(run.errors)")
        for name in names { #expect(run.output.contains("\n  \(name) "), "\(name)") }
    }

    @Test("a policy is tried on the measurements of one's own store")
    func fromStore() throws {
        #expect(try run("--from-store", "--against", "fixed:1").status == 2, "there is no store yet")
        _ = try CommandLineRun(["import", "Examples/results/chat-overloaded.jsonl", "--store", store])
        let run = try run(
            "--from-store", "--policy", Self.policy, "--engine", "L7-H100", "--warm-up", "10s", "--seeds", "1", "--format", "json")
        #expect([0, 1].contains(run.status), "\(run.errors)")
        let document = try Array(run.output.utf8).withUnsafeBytes { try JSONDocument.parse($0) }
        #expect(document["circumstances"]?["requests"]?.number.value == 404)
    }

    @Test("a policy that keeps too little ends with 1, and its back-test is kept all the same")
    func negative() throws {
        let run = try run(
            "--trace", "constant:rate=40", "--duration", "3m", "--warm-up", "30s", "--engine", "L7-H100", "--start", "1", "--policy",
            Self.policy, "--seeds", "1")
        #expect(run.status == 1, "\(run.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: store + ".back-tests").count == 1)
        try FileManager.default.removeItem(atPath: store + ".back-tests")
        let lost = try ShellRun(
            "llm-auto-optimizer simulate --trace constant:rate=40 --duration 3m --warm-up 30s --engine L7-H100 --start 1 "
                + "--policy \(Self.policy) --seeds 1 --store \(store) > /dev/full", stateFolder: folder.url.path)
        #expect(lost.status == 3, "\(lost.output)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: store + ".back-tests").count == 1)
    }

    @Test(
        "mistakes are told with their place, their value and the cure",
        arguments: [
            (["--trace", "step:before=2,after=x,at=3m"], "'after' is 'x'"),
            (["--trace", "step:before=2,at=3m"], "'after' is missing"),
            (["--trace", "step:before=2,after=3,at=3"], "has no unit"),
            (["--trace", "diurnal:mean=2,amplitude=200%,period=1h"], "'200%'"),
            (["--trace", "constant:speed=2"], "'speed=2' is none of its settings"),
            (["--trace", "no-such-file.csv"], "there is no such file"),
            (["--trace", "README.md"], "README.md: line 1"),
            (["--trace", "constant:rate=2", "--engine", "H9000"], "--engine H9000 is not known; there are L7-H100"),
            (["--trace", "constant:rate=2", "--replicas", "9...2"], "--replicas is '9...2'"),
            (["--trace", "constant:rate=2", "--cold-start", "-3s"], "--cold-start"),
            (["--trace", "constant:rate=2", "--against", "hpa:speed=2"], "'hpa' has no option 'speed'"),
            (["--trace", "constant:rate=2", "--against", "nobody"], "there is no baseline 'nobody'; there are fixed, hpa"),
            (["--trace", "constant:rate=2", "--against", "fixed:0"], "'0' is no number of replicas"),
            (["--trace", "constant:rate=2", "--against", "fixed:1,fixed:1"], "tried twice"),
            (["--trace", "constant:rate=2", "--against", ""], "names nobody"),
            (["--trace", "constant:rate=2", "--against", ",,,"], "--against ',,,' names nobody"),
            (["--trace", "constant:rate=2", "--against", "clairvoyant,clairvoyant"], "'clairvoyant' is to be tried twice"),
            (["--trace", "constant:rate=2", "--output", "/nowhere/card.html"], "cannot write /nowhere/card.html"),
            (["--trace", "constant:rate=2", "--rate-scale", "0"], "--rate-scale is 0.0"),
            (["--trace", "constant:rate=2", "--lengths", "0/5"], "--lengths is '0/5'"),
            (["--trace", "constant:rate=2", "--warm-up", "3h"], "leaves nothing"),
            (["--trace", "constant:rate=90000", "--duration", "24h"], "lower it with --rate-scale"),
            (["--trace", "constant:rate=0"], "has no request"),
            (["--trace", "constant:rate=2", "--start", "99"], "--start 99 is outside"),
            (["--trace", "constant:rate=2", "--target", "101%"], "'101%'"),
            (["--trace", "constant:rate=2", "--policy", "Examples/broken-policy.yaml"], "did you mean 'cooldown'?"),
        ])
    func mistakes(arguments: [String], message: String) throws {
        let contestant = arguments.contains("--against") || arguments.contains("--policy") ? [] : ["--against", "fixed:1"]
        let run = try CommandLineRun(["simulate"] + arguments + contestant + ["--seeds", "1", "--store", store])
        #expect(run.status == 2 && run.output.isEmpty)
        #expect(run.errors.contains(message), "\(run.errors)")
    }

    @Test("Ctrl-C does not wait for millions of requests to be made or served", .timeLimit(.minutes(1)))
    func interrupted() throws {
        // The signal waits, blocked, until the command has begun to listen for it.
        let script = """
            import os, signal
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            os.kill(os.getpid(), signal.SIGINT)
            words = 'simulate --trace constant:rate=10 --duration 20d --against fixed,clairvoyant --no-store'.split()
            os.execvp('llm-auto-optimizer', ['llm-auto-optimizer'] + words)
            """
        let start = ContinuousClock.now
        let run = try ShellRun("python3 -c \"\(script)\"", stateFolder: folder.url.path)
        #expect(run.status == 4 && run.output.contains("interrupted; nothing of this command was kept"), "\(run.output)")
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test("a policy whose knobs no simulated engine has is refused before anything is simulated")
    func unsuited() throws {
        let text = try String(contentsOfFile: CommandLineRun.repository.path + "/" + Self.policy, encoding: .utf8)
        let knob = "beams: {min: 1, max: 4, default: 1, at: {env: {container: vllm, name: BEAMS}}}"
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.contains("maxNumSeqs:") ? "    " + knob : String($0)
        }
        let file = try folder.write(lines.joined(separator: "\n"), to: "beams.yaml")
        let run = try run("--trace", "constant:rate=2", "--policy", file)
        #expect(run.status == 2 && run.errors.contains("policy 'evening-chat' cannot be tried"), "\(run.errors)")
    }

    @Test("more requests than can be counted are refused with their number")
    func countless() throws {
        let file = try folder.write("t_s,rate_rps\n0,1e7\n4000000,1e7\n", to: "countless.csv")
        let run = try run("--trace", file, "--rate-scale", "1000000", "--against", "fixed:1")
        #expect(run.status == 2 && run.errors.contains("countless.csv has about 8e+19 requests, and at most 20 000 000"), "\(run.errors)")
    }

    @Test("a compressed trace is refused with the command that unpacks it")
    func compressed() throws {
        let file = folder.path("trace.csv.gz")
        try Data([0x1F, 0x8B, 8, 0, 0, 0]).write(to: URL(filePath: file))
        let run = try run("--trace", file, "--against", "fixed:1")
        #expect(run.status == 2 && run.errors.contains("gunzip --keep"))
    }
}
