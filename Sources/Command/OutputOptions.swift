import ArgumentParser
import Foundation

/// Where a command's result goes.
struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Where the result goes; - is standard output.", valueName: "file"))
    var output = "-"

    /// Writes the result whole or not at all: a file appears only when it is complete.
    func write(_ text: String) throws {
        guard output != "-" else { return Terminal.standardOutput(text) }
        let file = try OutputFile(path: output)
        try file.write(Data(text.utf8))
        try file.finish()
    }
}
