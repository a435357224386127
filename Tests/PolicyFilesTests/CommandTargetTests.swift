import Policies
import Testing

@testable import PolicyFiles

@Suite struct CommandTargetTests {
    static let documented = PolicyParseTests.file(
        """
        target:
          command:
            name: llama-server-1
            set: {run: ["/usr/local/bin/set-slots", "{slots}", "--mode={mode}"], timeout: 10s}
            get: {run: ["/usr/local/bin/get-slots"]}
            ready: {http: {url: "http://127.0.0.1:8080/health"}}
            undo: {http: {method: POST, url: "http://127.0.0.1:8081/undo", body: '{"slots": {slots}, "mode": "{mode}"}'}}
            environment: [LLAMA_HOME]
        triggers:
        - {name: slow, type: latencyThreshold, when: {p95LatencyExceeds: 1s}}
        knobs:
          slots: {min: 1, max: 8}
          mode: {values: [fast, slow], role: concurrency}
        """)

    @Test("reads a command target; its knobs are placeholders and need no place")
    func whole() throws {
        let parse = parsePolicies(Self.documented, file: "f.yaml")
        #expect(parse.report == "")
        let policy = try #require(parse.policies.first)
        guard case .command(let target) = policy.target else { return #expect(Bool(false), "\(policy.target)") }
        #expect(target.name == "llama-server-1" && target.environment == ["LLAMA_HOME"])
        #expect(target.set == .init(.run(["/usr/local/bin/set-slots", "{slots}", "--mode={mode}"]), timeout: .seconds(10)))
        #expect(target.get == .init(.run(["/usr/local/bin/get-slots"]), timeout: .seconds(5)))
        #expect(target.ready == .init(.http(.init(method: .get, url: "http://127.0.0.1:8080/health")), timeout: .seconds(5)))
        #expect(target.undo?.timeout == .seconds(30))
        #expect(policy.knobs.map(\.place) == [.parameter(name: "slots"), .parameter(name: "mode")])
        #expect(policy.knobs.map(\.role) == [.concurrency, .concurrency])
    }

    @Test(
        "refuses what could not be carried out",
        arguments: [
            ("\"{slots}\", ", "", "the knob 'slots' cannot be set: 'set' of the target has no placeholder '{slots}'"),
            (
                "\"{slots}\"", "\"{slot}\"",
                "'set' has the placeholder '{slot}', which is no knob; they are mode, slots; did you mean '{slots}'?"
            ),
            ("      get: {run: [\"/usr/local/bin/get-slots\"]}\n", "", "'command' needs 'get'"),
            ("get-slots\"]", "get-slots\", \"{slots}\"]", "'get' sets nothing and takes no placeholder, found '{slots}'"),
            (
                "/usr/local/bin/set-slots", "set-slots",
                "'set' must begin with an absolute path such as /usr/local/bin/tool, found 'set-slots'"
            ),
            ("/usr/local/bin/set-slots", "/bin/{mode}", "the program of 'set' cannot hang on a value"),
            ("{slots}, \"mode\"", "{slots} \"mode\"", "the body of 'undo' is no JSON with values in the places of its placeholders"),
            (
                "{\"slots\": {slots}, \"mode\": \"{mode}\"}", "{\"x\": {nothing}}",
                "'undo' has the placeholder '{nothing}', which is no knob"
            ),
            ("min: 1, max: 8", "min: 1, max: 8, at: {field: /a}", "a knob of a command target takes no 'at'"),
            ("timeout: 10s", "timeout: 1h", "'timeout': must be from 100ms to 10m, found 1h"),
            ("method: POST", "method: GET", "a GET request of 'undo' takes no body"),
            ("http://127.0.0.1:8080/health", "http://me:secret@127.0.0.1/", "must not carry a user or a password"),
        ])
    func refusals(original: String, damaged: String, message: String) {
        #expect(Self.documented.contains(original), "nothing to damage")
        let parse = parsePolicies(Self.documented.replacing(original, with: damaged), file: "f.yaml")
        #expect(!parse.isValid)
        #expect(parse.report.contains(message), "\(parse.report)")
        #expect(!parse.report.contains("secret@"))
    }

    @Test("warns of two policies that change the same engine, however they reach it")
    func together() {
        let first = parsePolicies(Self.documented, file: "a.yaml")
        let second = parsePolicies(
            Self.documented.replacing("name: chat-8b", with: "name: other").replacing("get-slots", with: "read-slots"), file: "b.yaml")
        #expect(
            lintTogether([first, second]).map(\.message) == [
                "'chat-8b' in a.yaml has the same target: two policies would undo each other's changes"
            ])
        let third = parsePolicies(
            Self.documented.replacing("name: chat-8b", with: "name: third").replacing("llama-server-1", with: "llama-server-2"),
            file: "c.yaml")
        #expect(lintTogether([first, third]) == [])
    }
}
