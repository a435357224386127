import TestSupport
import Testing

@Suite struct HelpTests {
    static let verbs = [
        "validate", "test", "import", "recommend", "history", "explain", "replay", "export", "status", "approve", "reject", "rollback",
        "pause", "resume", "cycle", "run", "doctor", "simulate", "learner", "demo", "probe", "benchmark", "compare",
    ]

    @Test("help is what it was", arguments: verbs)
    func verb(verb: String) throws {
        let run = try CommandLineRun([verb, "--help"])
        #expect(run.status == 0 && run.errors.isEmpty)
        #expect(run.output.contains("llm-auto-optimizer \(verb) "), "an example is shown")
        try expectGolden(run.output, "help-\(verb).txt")
    }

    @Test("the root's help names every verb and every exit code")
    func root() throws {
        let run = try CommandLineRun(["--help"])
        for verb in Self.verbs {
            #expect(run.output.contains("  \(verb) ") || run.output.contains("  \(verb), "), "its other names follow")
        }
        try expectGolden(run.output, "help.txt")
    }

    @Test("completions are written for every shell", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let run = try CommandLineRun(["--generate-completion-script", shell])
        #expect(run.status == 0)
        for verb in Self.verbs { #expect(run.output.contains(verb)) }
    }
}
