import ArgumentParser
import BackTesting
import EngineModels
import EpisodeStore
import Foundation
import Measurements
import Policies
import Scorecards

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Tries policies and autoscalers on a simulated pool of engines under a recorded or drawn load, and writes a scorecard.",
        discussion: """
            Policies run in the production loop, as in mode auto, whatever their mode is. All contestants get
            the same arrivals, cold starts and noise; the first is the one others are held against.

              llm-auto-optimizer simulate --trace step:before=2,after=6,at=30m --policy chat.yaml --against fixed
              llm-auto-optimizer simulate --from-store --policy chat.yaml --against fixed:4 --format html -o card.html

            Exit code 1 where a policy keeps less than its objective's attainment. A back-test of a policy is
            kept beside the store, where run looks for it.
            """)

    @Option(
        help: ArgumentHelp("A trace of requests, a table of rates, or a shape such as step:before=2,after=6,at=30m.", valueName: "load"))
    var trace: String?

    @Flag(help: "Take what the store has measured as the load.")
    var fromStore = false

    @Option(help: ArgumentHelp("With --from-store: only what was sent at or after this time, in ISO 8601.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("With --from-store: only what was sent before this time, in ISO 8601.", valueName: "time"))
    var until: String?

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Policy files; each policy in them is a contestant.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var policy: [String] = []

    @Option(
        help: ArgumentHelp(
            "Others, after commas: \(ContestantNames.own.map { "\($0.0) (\($0.1))" }.joined(separator: ", ")); of others' "
                + "\(ContestantNames.others.joined(separator: ", ")), with options as hpa:target=30.", valueName: "names"))
    var against: String?

    @Option(help: ArgumentHelp("How many trials; from 3 on with 95 % intervals that are worth something.", valueName: "number"))
    var seeds = 3

    @Option(help: ArgumentHelp("The first seed; same seeds, same scorecard.", valueName: "number"))
    var seed: UInt64 = 1

    @OptionGroup var pool: PoolOptions
    @OptionGroup var load: TrialLoadOptions

    @Option(help: ArgumentHelp("Share of requests that are to be in time; the first policy's attainment, or 99%.", valueName: "share"))
    var target: String?

    @Option(
        help: ArgumentHelp(
            "Longest time to the first token, beside 3 × what the prompt takes; the first policy's limit, or 2s.", valueName: "duration"))
    var ttft: String?

    @Option(help: ArgumentHelp("Longest time per output token, in the mean; the first policy's limit, or 50ms.", valueName: "duration"))
    var tpot: String?

    @Option(help: ArgumentHelp("For a terminal, a document, or one self-contained page with the Pareto chart.", valueName: "format"))
    var format: Format = .text

    @Option(
        help: ArgumentHelp("Writes the requests of the first seed here, as a table that --trace reads.", valueName: "file"),
        completion: .file())
    var writeTrace: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var storing: StoreOptions

    @Flag(help: "Keep nothing of this back-test beside the store.")
    var noStore = false

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, html
    }

    func validate() throws {
        guard (trace != nil) != fromStore else { throw ValidationError("say what the load is: --trace LOAD or --from-store") }
        guard fromStore || (since == nil && until == nil) else { throw ValidationError("--since and --until are for --from-store") }
        guard (1...1_000).contains(seeds) else { throw ValidationError("--seeds is from 1 to 1000, not \(seeds)") }
        if let against, opponents.isEmpty {
            throw ValidationError("--against '\(against)' names nobody; leave it out, or name one such as fixed or hpa")
        }
        if let writeTrace {
            guard writeTrace != "-" else {
                throw ValidationError("--write-trace needs the name of a file: standard output is the scorecard's, or -o's")
            }
            guard writeTrace != output.output else {
                throw ValidationError("--write-trace and --output both name '\(writeTrace)'; the scorecard would replace the trace")
            }
        }
        guard !policy.isEmpty || against != nil else { throw ValidationError("name somebody to try: --policy FILE, --against fixed") }
    }

    /// The names behind `--against`.
    var opponents: [String] {
        (against ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    func run() async throws { try await SimulateRun(self).run() }
}

/// The pool that is simulated.
struct PoolOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The engine of a replica: \(EngineProfile.known.map(\.name).joined(separator: ", ")), or one of --engine-file.",
            valueName: "profile"))
    var engine: String?

    @Option(help: ArgumentHelp("A table of engines of one's own, in JSON.", valueName: "file"), completion: .file(extensions: ["json"]))
    var engineFile: String?

    @Option(help: ArgumentHelp("How long a replica takes to start, in the median.", valueName: "duration"))
    var coldStart = "150s"

    @Option(help: ArgumentHelp("Fewest and most replicas of autoscalers; policies have their own limits.", valueName: "range"))
    var replicas = "1...24"

    @Option(help: ArgumentHelp("Replicas at the beginning; as many as its first part needs unless told.", valueName: "number"))
    var start: Int?

    @Option(help: ArgumentHelp("Most sequences decoded together, where no policy's default tells.", valueName: "number"))
    var maxNumSeqs = 256

    @Option(help: ArgumentHelp("Most tokens of an iteration, where no policy's default tells.", valueName: "number"))
    var maxNumBatchedTokens = 2_048
}

/// The load, beside where it comes from.
struct TrialLoadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long the trial takes; the whole trace, or 2h of a shape, unless told.", valueName: "duration"))
    var duration: String?

    @Option(help: ArgumentHelp("As many times as many requests.", valueName: "factor"))
    var rateScale = 1.0

    @Option(
        help: ArgumentHelp(
            "Tokens of prompts and answers of rates and shapes: means as IN/OUT, or a trace that has them.", valueName: "lengths"))
    var lengths = "1155/211"

    @Option(help: ArgumentHelp("Time at the beginning that is simulated and not counted.", valueName: "duration"))
    var warmUp = "15m"
}
