import ArgumentParser
import BenchmarkFiles
import BenchmarkFormats
import BenchmarkResults
import Measurements

struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Puts a load on models and measures first token, gaps, whole answers, throughput and cost.",
        discussion: """
            The load comes from flags or from a file. Latencies count from the moment the schedule wanted a request sent; those as sent stand
            beside them. Exit code 1 where the objective's attainment is missed or no request succeeded, 3 where nothing could be reached, 4
            where it was interrupted: results so far are written all the same. Keys come from the environment or a file, never from a flag.

              llm-auto-optimizer benchmark --provider openai --model gpt-4 --prompt "Explain quantum computing" --iterations 100
              llm-auto-optimizer benchmark --config benchmark.yaml --output results.json --output results.html
            """, aliases: ["profile"])

    @OptionGroup var load: LoadOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A file for the results, its format told by its extension; may be given several times.", valueName: "file"))
    var output: [String] = []

    @Option(help: ArgumentHelp("What standard output gets.", valueName: "format"))
    var format: PrintedFormat = .text

    func run() async throws {
        let plan = try load.plan(outputs: output)
        let finished = try await LensWork(plan).run()
        for (run, summary) in finished.results { Terminal.standardOutput(try format.format.bytes(run, summary)) }
        try finished.exit()
    }
}

/// A form that fits on a terminal or into a pipe.
enum PrintedFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json

    var format: ResultFormat { ResultFormat(self == .text ? .text : .json) }
}

/// From a plan to results in files.
struct LensWork {
    private let lens: LensRun
    private let outputs: LensOutputs

    struct Finished {
        let results: [(run: BenchmarkRun, summary: BenchmarkSummary)]

        /// Ends the command where its answer is not a plain "done".
        func exit() throws {
            if Interruption.isRequested {
                throw CommandFailure("interrupted; the results so far were kept", status: .interrupted)
            }
            let records = results.flatMap(\.run.stages).flatMap(\.records)
            if !records.contains(where: \.measurement.succeeded) {
                let types = Set(records.compactMap { $0.measurement.error?.type })
                let isUnreachable = !types.isEmpty && types.isSubset(of: ["unreachable", "timeout", "tls", "circuit_open"])
                throw CommandFailure(
                    "no request succeeded (\(types.isEmpty ? "none was sent" : types.sorted().joined(separator: ", ")))",
                    status: isUnreachable ? .unreachable : .negative)
            }
            let missed = results.flatMap(\.summary.stages).contains { $0.whole.goodput?.isReached == false }
            if missed { throw ExitStatus.negative }
        }
    }

    init(_ plan: BenchmarkPlan) throws {
        outputs = try LensOutputs(plan.outputs)
        lens = try LensRun(plan)
    }

    func run() async throws -> Finished {
        let lens = self.lens
        let runs = try await interruptible { try await lens.run() }
        let results = runs.map { (run: $0, summary: BenchmarkSummary($0, options: lens.options)) }
        for path in try outputs.write(results) { Terminal.standardError("wrote \(path)\n") }
        return Finished(results: results)
    }
}
