import ArgumentParser
import Foundation

/// Where a command's result goes.
struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Where the result goes; - is standard output.", valueName: "file"))
    var output = "-"

    /// Writes the result whole or not at all: a file appears only when it is complete.
    func write(_ text: String) throws {
        guard output != "-" else { return Terminal.standardOutput(text) }
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw CommandFailure(
                "cannot write \(output): \(error.localizedDescription). Nothing was written; check the folder and its rights.")
        }
    }
}
