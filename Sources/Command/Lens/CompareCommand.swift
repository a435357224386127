import ArgumentParser
import BenchmarkFiles
import BenchmarkResults
import Documents
import Foundation
import Measurements

struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compares two results, or with --config runs several targets and compares them.",
        discussion: """
            Results are files of this tool or of others, or numbers that 'import' gave them in the store. Exit code 1 where a figure is worse beyond doubt and by more than the threshold. With
            --config the targets are compared with the first of them, which is no question of better or worse: exit code 0.

              llm-auto-optimizer compare before.json after.json --threshold 5%
              llm-auto-optimizer compare --config benchmark.yaml --output results.json
            """)

    @Argument(help: ArgumentHelp("The result before and the result after.", valueName: "result"), completion: .file())
    var files: [String] = []

    @Option(help: ArgumentHelp("The smallest change for the worse that is a regression.", valueName: "ratio"))
    var threshold = "5%"

    @Option(help: ArgumentHelp("A file of targets to be run and compared.", valueName: "file"), completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("For a terminal, or as JSON.", valueName: "format"))
    var format: PrintedFormat = .text

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Two files: where the comparison goes. With --config: a file for the results of each target.", valueName: "file")
    )
    var output: [String] = []

    @OptionGroup var storing: StoreOptions

    func validate() throws {
        guard config == nil ? files.count == 2 : files.isEmpty else {
            throw ValidationError("name two results, or a file of targets with --config")
        }
        if config == nil, output.count > 1 { throw ValidationError("a comparison goes into one file, found \(output.count)") }
    }

    func run() async throws {
        let options = ComparisonOptions(threshold: try share())
        guard let config else {
            let results = try files.map { try ResultFile($0, in: storing).comparable($0) }
            let comparison = BenchmarkComparison(results[0], with: results[1], options: options)
            try write([comparison])
            if !comparison.regressions.isEmpty { throw ExitStatus.negative }
            return
        }
        let plan = try LoadOptions.parse(["--config=\(config)"]).plan(outputs: output)
        guard plan.targets.count > 1 else { throw CommandFailure("\(config) has one target; a comparison needs two models or providers") }
        let work = try LensWork(plan)
        let finished = try await work.run()
        let results = finished.results.map { run, _ in
            ComparableResult(run, label: "\(run.model.provider) \(run.model.name) at \(run.model.endpoint)")
        }
        let comparisons = results.dropFirst().map { BenchmarkComparison(results[0], with: $0, options: options) }
        for comparison in comparisons { Terminal.standardOutput(text(comparison)) }
        try finished.exit()
    }

    private func text(_ comparison: BenchmarkComparison) -> String {
        format == .text ? comparison.text : comparison.document.json + "\n"
    }

    private func write(_ comparisons: [BenchmarkComparison]) throws {
        let whole = comparisons.map { self.text($0) }.joined(separator: "\n")
        guard let path = output.first, path != "-" else { return Terminal.standardOutput(whole) }
        let file = try OutputFile(path: path)
        try file.write(Data(whole.utf8))
        try file.finish()
    }

    private func share() throws -> Double {
        let isPercent = threshold.hasSuffix("%")
        guard let number = Double(isPercent ? String(threshold.dropLast()) : threshold), number >= 0, number.isFinite,
            isPercent || number < 1
        else { throw CommandFailure("--threshold \(threshold): expected a share such as 5% or 0.05") }
        return isPercent ? number / 100 : number
    }
}
