public import ArgumentParser
public import Importing

/// How result files are read.
struct ImportFileOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Take files for this format instead of finding it from their content.", valueName: "format"))
    var inputFormat: InputFormat?

    @Flag(help: "Fail at the first bad record instead of counting and skipping it.")
    var strict = false

    var options: ImportOptions { ImportOptions(format: inputFormat, strict: strict) }
}

extension InputFormat: ExpressibleByArgument {}
