import ArgumentParser
import EpisodeStore
import Foundation
import Learning
import Measurements
import Reporting

struct LearnerShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "What each action does to each outcome, with intervals and how far earlier statements have held.",
        discussion: """
            Effects are estimated from closed episodes, each weighed by the inverse of the chance it had,
            beside deliberate no-ops. Exit code 1 where there is nothing to learn from.

              llm-auto-optimizer learner show --format svg --output effects.svg
            """)

    @Option(help: ArgumentHelp("For a terminal, as JSON, for Graphviz, or as a picture.", valueName: "format"))
    var format: Format = .text

    @OptionGroup var choice: DeploymentOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var storing: StoreOptions

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, dot, svg
    }

    func run() throws {
        let store = try storing.openForReading()
        let graphs = try storing.guarded {
            try choice.deployments(of: store).compactMap { deployment in
                try store.learned(of: deployment, at: .now).map { EffectGraph(deployment: deployment, learned: $0) }
            }
        }
        switch format {
        case .text: try output.write(graphs.isEmpty ? DeploymentOptions.nothing : graphs.map(\.text).joined(separator: "\n"))
        case .json: try output.write(try EffectGraphDocument(graphs).json())
        case .dot: try output.write(graphs.map(\.dot).joined(separator: "\n"))
        case .svg: try output.write(try onePicture(graphs))
        }
        if graphs.isEmpty { throw ExitStatus.negative }
    }

    private func onePicture(_ graphs: [EffectGraph]) throws -> String {
        guard graphs.count <= 1 else {
            let names = graphs.map(\.deployment).joined(separator: ", ")
            throw CommandFailure("a picture shows one deployment and the store has \(graphs.count); choose with --deployment: \(names)")
        }
        return graphs.first?.svg ?? ""
    }
}

/// Which deployments are meant.
struct DeploymentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only this deployment, e.g. llm/Deployment/chat-8b; all of the store unless told.", valueName: "name"))
    var deployment: String?

    static let nothing = "no closed episode to learn from yet; 'cycle' and 'run' make them in mode auto or approve\n"

    /// - Throws: `CommandFailure` where the store knows no such deployment.
    func deployments(of store: EpisodeStore) throws -> [String] {
        let known = try store.deployments()
        guard let deployment else { return known }
        guard known.contains(deployment) else {
            let names = known.isEmpty ? "it has none" : "it has: " + known.joined(separator: ", ")
            throw CommandFailure("the store has no episode of deployment '\(deployment)'; \(names)")
        }
        return [deployment]
    }
}
