import Foundation
import Testing

/// What each verb answers to a mistake: exit code, place, value and cure.
@Suite struct ExitStatusTests {
    static let policy = "policies/llamacpp-slots.yaml"
    static let results = "Examples/results/chat-overloaded.jsonl"

    struct Mistake: CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let says: String

        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let mistakes = [
        Mistake(arguments: ["recomend"], status: 2, says: "recomend"),
        Mistake(arguments: ["recommend", "--policy", policy], status: 2, says: "name at least one file with --import"),
        Mistake(
            arguments: ["recommend", "--policy", "nowhere.yaml", "--import", results, "--no-store"], status: 2,
            says: "cannot read policy nowhere.yaml"),
        Mistake(
            arguments: ["recommend", "--policy", policy, "--import", "nowhere.json", "--no-store"], status: 2,
            says: "cannot import nowhere.json"),
        Mistake(
            arguments: ["recommend", "--policy", policy, "--import", "Makefile", "--no-store"], status: 2,
            says: "expected the results of a known tool, found"),
        Mistake(
            arguments: ["recommend", "--policy", policy, "--import", results, "--current", "slot=2", "--no-store"], status: 2,
            says: "has no knob 'slot'; it has: slots, batchSize"),
        Mistake(
            arguments: ["recommend", "--policy", policy, "--import", results, "--current", "slots", "--no-store"], status: 2,
            says: "expected KNOB=VALUE"),
        Mistake(
            arguments: ["recommend", "--policy", policy, "--import", results, "--run", "nightly", "--no-store"], status: 2,
            says: "has no run 'nightly'; it has: 'measurements'"),
        Mistake(
            arguments: ["recommend", "--policy", policy, "--import", results, "--manifest", policy, "--no-store"], status: 2,
            says: "expected StatefulSet edge/llama-server, the target of policy llamacpp-slots; found no workload"),
        Mistake(
            arguments: ["validate", "Examples/broken-policy.yaml"], status: 2,
            says: "broken-policy.yaml:10:5: error: unknown field 'cool_down'"),
        Mistake(arguments: ["test", policy], status: 2, says: "not run"),
        Mistake(arguments: ["history", "--limit", "0"], status: 2, says: "expected 1 to 10000"),
        Mistake(arguments: ["explain", "abcd1234"], status: 2, says: "there is no such store"),
        Mistake(arguments: ["learner", "show", "--store", "policies"], status: 2, says: "it is a folder"),
        Mistake(arguments: ["status", "--store", "policies"], status: 2, says: "it is a folder"),
        Mistake(arguments: ["validate", "no\u{1B}[2Jwhere.yaml"], status: 2, says: "no\u{FFFD}[2Jwhere.yaml"),
        Mistake(
            arguments: ["simulate", "--trace", "constant:rate=2", "--against", "fixed:1", "--lengths", "policies"], status: 2,
            says: "--lengths policies: cannot be read"),
        Mistake(
            arguments: ["simulate", "--trace", "constant:rate=2", "--against", "fixed:1", "--write-trace", "x.csv", "-o", "x.csv"],
            status: 2, says: "--write-trace and --output both name 'x.csv'"),
        Mistake(
            arguments: ["simulate", "--trace", "constant:rate=2", "--against", "fixed:1", "--write-trace", "-"], status: 2,
            says: "--write-trace needs the name of a file"),
        Mistake(arguments: ["export", "--since", "yesterday"], status: 2, says: "expected a time in ISO 8601"),
    ]

    @Test("a mistake is named with its place and its cure", arguments: mistakes)
    func mistake(mistake: Mistake) throws {
        let folder = try TemporaryFolder()
        let run = try CommandLineRun(mistake.arguments, environment: ["XDG_STATE_HOME": folder.url.path])
        #expect(run.status == mistake.status)
        #expect(run.errors.contains(mistake.says), "\(run.errors)")
        #expect(run.output.isEmpty, "data goes to standard output, talk to standard error")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty, "a mistake leaves no store behind")
    }

    @Test("1 is for an answer of no: a missed objective, a failed policy test")
    func negative() throws {
        let folder = try TemporaryFolder()
        let missed = try CommandLineRun(["recommend", "--policy", Self.policy, "--import", Self.results, "--no-store"])
        #expect(missed.status == 1)
        let met = try CommandLineRun([
            "recommend", "--policy", Self.policy, "--import", "Examples/results/chat-healthy.jsonl", "--no-store",
        ])
        #expect(met.status == 0)
        let failing = try folder.write(
            """
            policies: [\(CommandLineRun.repository.path)/\(Self.policy)]
            interval: 30s
            tests:
            - name: expects the wrong thing
              samples: 150
              series: {consecutiveFailures: '0x4'}
              expect:
              - {at: 30s, triggers: {failing: firing}}
            """, to: "wrong.test.yaml")
        let test = try CommandLineRun(["test", failing])
        #expect(test.status == 1)
        #expect(test.output.contains("FAIL  expects the wrong thing"))
    }

    /// A command whose standard output is a pipe that nobody reads any more.
    private func withoutReader(_ arguments: String..., stateFolder: String) throws -> ShellRun {
        let words = (["llm-auto-optimizer"] + arguments).map { "'\($0)'" }.joined(separator: ", ")
        let script = """
            import os
            reading, writing = os.pipe()
            os.dup2(writing, 1)
            os.close(reading)
            os.close(writing)
            os.execvp('llm-auto-optimizer', [\(words)])
            """
        return try ShellRun("python3 -c \"\(script)\"", stateFolder: stateFolder)
    }

    @Test("an answer that cannot be written is an error with its reason; one that nobody reads any further is none, and all else is done")
    func lostOutput() throws {
        let folder = try TemporaryFolder()
        for command in ["--version", "validate \(Self.policy)", "recommend --policy \(Self.policy) --import \(Self.results) --no-store"] {
            let full = try ShellRun("llm-auto-optimizer \(command) > /dev/full", stateFolder: folder.url.path)
            #expect(full.status == 3, "\(command)")
            #expect(full.output.contains("cannot write standard output: No space left on device"), "\(full.output)")
        }
        let read = try withoutReader("validate", Self.policy, stateFolder: folder.url.path)
        #expect(read.status == 0 && read.output.isEmpty, "\(read.output)")
        let missed = try withoutReader(
            "recommend", "--policy", Self.policy, "--import", Self.results, "--no-store", stateFolder: folder.url.path)
        #expect(missed.status == 1 && missed.output.isEmpty, "\(missed.output)")
    }

    @Test("a command that is asked to stop says so with 4 and keeps nothing", arguments: ["SIGINT", "SIGTERM"])
    func interrupted(signal: String) throws {
        let folder = try TemporaryFolder()
        let store = folder.path("store.sqlite")
        // The signal waits, blocked, until the command has begun to listen for it.
        let script = """
            import os, signal
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.\(signal)])
            os.kill(os.getpid(), signal.\(signal))
            os.execvp('llm-auto-optimizer', ['llm-auto-optimizer', 'import', '\(Self.results)', '--store', '\(store)'])
            """
        let run = try ShellRun("python3 -c \"\(script)\"", stateFolder: folder.url.path)
        #expect(run.status == 4)
        #expect(run.output.contains("interrupted; nothing of this command was kept"))
        #expect(try CommandLineRun(["export", "--format", "csv", "--store", store]).output.split(separator: "\n").count == 1)
    }
}
