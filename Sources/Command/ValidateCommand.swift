import ArgumentParser
import Policies
import PolicyFiles

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Reports every error of policy files at once, each with its place.",
        discussion: """
            Warnings name what is legal but foolish; they do not fail. Exit code 2 where a file has an error.

              llm-auto-optimizer validate policies/*.yaml
            """)

    @Argument(help: ArgumentHelp("Policy files.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]

    func run() throws {
        let parses = try PolicyReading.parse(files)
        let conflicts = lintTogether(parses)
        for parse in parses {
            let diagnostics = parse.diagnostics + conflicts.filter { $0.file == parse.file }
            if !diagnostics.isEmpty { Terminal.standardError(parse.rendered(diagnostics) + "\n") }
        }
        for parse in parses where parse.isValid {
            let names = parse.policies.map(\.name).joined(separator: ", ")
            Terminal.standardOutput("\(parse.file): valid (\(names))\n")
        }
        if parses.contains(where: { !$0.isValid }) { throw ExitStatus.invalidInput }
    }
}
