import ArgumentParser
import Documents
import PolicyFiles

struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Runs unit tests of policies: series over time, and the trigger states and recommendations they must lead to.",
        discussion: """
            Exit code 1 where a test fails, 2 where a file cannot be used.

              llm-auto-optimizer test policies/*.test.yaml
            """)

    @Argument(help: ArgumentHelp("Policy test files.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]

    func run() throws {
        let limit = 16 << 20
        let reports = try files.map { file in
            do {
                return runPolicyTests(try FileContent.read(path: file, limitBytes: limit), file: file, decider: ControlDecider()) { path in
                    try FileContent.read(path: path, limitBytes: limit)
                }
            } catch {
                throw CommandFailure("cannot read policy tests \(file): \(error)")
            }
        }
        for report in reports {
            if report.problems.isEmpty { Terminal.standardOutput(report.text) } else { Terminal.standardError(report.text) }
        }
        if reports.contains(where: { !$0.problems.isEmpty }) { throw ExitStatus.invalidInput }
        if !reports.allSatisfy(\.isPassed) { throw ExitStatus.negative }
    }
}
