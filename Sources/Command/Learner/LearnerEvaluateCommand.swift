import ArgumentParser
import EpisodeStore
import Foundation
import Learning
import Measurements
import Reporting

struct LearnerEvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "What other ways to decide would have been worth, from the decisions that were made.",
        discussion: """
            Compares making every proposed change, making none, and making those that the episodes of
            other days call likely to help, with what was done. Exit code 1 where none is shown to be
            better, or there is nothing to tell from.

              llm-auto-optimizer learner evaluate --outcome ttft
            """)

    @Option(help: ArgumentHelp("What is to fall: ttft, tpot, e2e or errorRate.", valueName: "outcome"))
    var outcome = "ttft"

    @Option(help: ArgumentHelp("For a terminal, or as JSON.", valueName: "format"))
    var format: HistoryCommand.Format = .text

    @OptionGroup var choice: DeploymentOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var storing: StoreOptions

    private static let outcomes = [Outcome.timeToFirstToken, .timePerOutputToken, .endToEnd, .errorRate]

    func validate() throws {
        guard Self.outcomes.contains(where: { $0.rawValue == outcome }) else {
            throw ValidationError("--outcome \(outcome): expected \(Self.outcomes.map(\.rawValue).joined(separator: ", "))")
        }
    }

    func run() throws {
        guard let outcome = Outcome(rawValue: outcome) else { throw ExitStatus.invalidInput }
        let store = try storing.openForReading()
        let comparisons = try storing.guarded {
            try choice.deployments(of: store).compactMap { deployment in
                PolicyAlternatives(try store.episodes(deployment: deployment, limit: 2_000), outcome: outcome, at: .now).map {
                    PolicyComparison(deployment: deployment, alternatives: $0)
                }
            }
        }
        switch format {
        case .text: try output.write(comparisons.isEmpty ? DeploymentOptions.nothing : comparisons.map(\.text).joined(separator: "\n"))
        case .json: try output.write(try PolicyComparison.json(comparisons))
        }
        if !comparisons.contains(where: \.showsBetter) { throw ExitStatus.negative }
    }
}
