import ArgumentParser
import Foundation

/// Where a command's result goes.
struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Where the result goes; - is standard output.", valueName: "file"))
    var output = "-"

    /// Writes the result whole or not at all: a file appears only when it is complete.
    func write(_ text: String) throws { try write(text, to: open()) }

    /// Opens what the result goes to, so that a place that cannot be written is told before the work; `nil` for standard output.
    func open() throws -> OutputFile? { output == "-" ? nil : try OutputFile(path: output) }

    /// Writes the result to what was opened.
    func write(_ text: String, to file: OutputFile?) throws {
        guard let file else { return Terminal.standardOutput(text) }
        try file.write(Data(text.utf8))
        try file.finish()
    }
}
