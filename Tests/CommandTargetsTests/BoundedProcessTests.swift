import Control
import Foundation
import Policies
import Testing

@testable import CommandTargets

@Suite struct BoundedProcessTests {
    func run(_ script: String, _ arguments: [String] = [], timeout: Duration = .seconds(20)) async throws -> BoundedProcess.Outcome {
        try await BoundedProcess(words: ["/bin/sh", "-c", script, "sh"] + arguments, environment: ["A=b"], timeout: timeout).run().get()
    }

    @Test(
        "a value is one argument, whatever characters it has",
        arguments: ["two words", "\"quoted\" 'both'", "$(rm -rf /nonexistent) `id` $HOME", "a;b|c&d>e", "-n", "", "*", "ä\n\t"])
    func oneArgument(value: String) async throws {
        let outcome = try await run("printf '%s|' \"$#\" \"$@\"", ["--x=" + value, "end"])
        #expect(String(decoding: outcome.output.bytes, as: UTF8.self) == "2|--x=\(value)|end|")
        #expect(StepRunner.word("--x={k}", ["k": .text(value)]) == "--x=" + value)
    }

    @Test("gets nothing of our environment, input or open files")
    func isolated() async throws {
        let outcome = try await run("env | grep -v -e ^PWD= -e ^SHLVL= -e ^_=; cat; ls /proc/self/fd | tr '\\n' ' '")
        #expect(String(decoding: outcome.output.bytes, as: UTF8.self) == "A=b\n0 1 2 3 ", "3 is the folder that ls reads")
    }

    @Test("passes on PATH, HOME, LANG and what the target lists, and nothing else")
    func variables() {
        var target = Policy.CommandTarget(name: "t", set: .init(.run([]), timeout: .zero), get: .init(.run([]), timeout: .zero))
        target.environment = ["MODEL", "UNSET"]
        let runner = StepRunner(target: target, variables: ["HOME": "/h", "MODEL": "m", "API_KEY": "secret"], client: nil)
        #expect(runner.environment == ["HOME=/h", "MODEL=m", "PATH=/usr/local/bin:/usr/bin:/bin"])
    }

    @Test("a program that takes too long is killed with everything it started")
    func timeout() async throws {
        let start = ContinuousClock.now
        let outcome = try await run("(sleep 60; echo late) & echo $!; sleep 60", timeout: .milliseconds(200))
        #expect(outcome.ending == .timedOut && .now - start < .seconds(10))
        let child = String(decoding: outcome.output.bytes, as: UTF8.self).filter(\.isNumber)
        #expect(await isGone(child), "the child of the child lives")
    }

    /// A signal is delivered in its own time; nobody tells this process of the end of one that is not its child.
    func isGone(_ process: String) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            guard let state, !state.contains(") Z") else { return true }
            await Task.yield()
        }
        return false
    }

    @Test("a program that ignores requests to end is killed all the same")
    func stubborn() async throws {
        let outcome = try await run("trap '' TERM INT HUP; while :; do :; done", timeout: .milliseconds(100))
        #expect(outcome.ending == .timedOut)
    }

    @Test("of endless output the beginning is kept, and the last line of errors")
    func output() async throws {
        let outcome = try await run(
            "head -c 5000000 /dev/zero; head -c 3000000 /dev/zero >&2; echo >&2; echo 'the end' >&2; echo >&2; exit 7")
        #expect(outcome.ending == .exited(7))
        #expect(outcome.output.bytes.count == OutputHead.limitBytes && outcome.output.isCut)
        #expect(outcome.lastErrorLine == "the end")
        let endless = try await run("yes", timeout: .milliseconds(200))
        #expect(endless.ending == .timedOut && endless.output.isCut)
    }

    @Test("error lines are short, without control characters and without keys")
    func errorLine() async throws {
        let outcome = try await run("printf 'bad\\033[2Jkey token=abcdefghijkl %0400d' 1 >&2; exit 1")
        #expect(outcome.lastErrorLine.count == 300 && !outcome.lastErrorLine.contains("\u{1B}"))
        #expect(!outcome.lastErrorLine.contains("abcdefghijkl"))
    }

    @Test("does not wait for what a program left running, and leaves it alone")
    func leftRunning() async throws {
        let start = ContinuousClock.now
        let outcome = try await run("sleep 30 & echo $!")
        #expect(outcome.ending == .exited(0) && .now - start < .seconds(10))
        let child = try #require(pid_t(String(decoding: outcome.output.bytes, as: UTF8.self).filter(\.isNumber)))
        #expect(kill(child, 0) == 0, "it was killed")
        kill(child, SIGKILL)
    }

    @Test(
        "a body stays JSON, whatever the values are",
        arguments: [
            (.integer(4), #"{"a": 4, "b": "x4"}"#), (.text("q\"\\ \n"), #"{"a": "q\"\\ \n", "b": "xq\"\\ \n"}"#),
            (.flag(true), #"{"a": true, "b": "xtrue"}"#), (.number(0.5), #"{"a": 0.5, "b": "x0.5"}"#),
        ] as [(KnobValue, String)])
    func body(value: KnobValue, text: String) {
        #expect(StepRunner.json(#"{"a": {k}, "b": "x{k}"}"#, ["k": value]) == text)
    }
}
