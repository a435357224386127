import ArgumentParser
import Control
import EpisodeStore
import Foundation
import Learning
import Measurements

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Lists what was decided, the newest first.",
        discussion: """
              llm-auto-optimizer history --policy-name vllm-chat-latency --limit 5
            """)

    @Option(help: ArgumentHelp("Only decisions of this policy.", valueName: "name"))
    var policyName: String?

    @Option(help: ArgumentHelp("At most so many, 1 to 10000.", valueName: "count"))
    var limit = 20

    @Option(help: ArgumentHelp("For a terminal, or as JSON.", valueName: "format"))
    var format: Format = .text

    @OptionGroup var output: OutputOptions
    @OptionGroup var storing: StoreOptions

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit \(limit): expected 1 to 10000") }
    }

    func run() throws {
        let store = try storing.openForReading()
        let cycles = try storing.guarded { try store.cycles(policy: policyName, limit: limit) }
        switch format {
        case .text: try output.write(text(cycles))
        case .json: try output.write(try json(cycles))
        }
    }

    private func text(_ cycles: [CycleSummary]) -> String {
        guard !cycles.isEmpty else {
            return policyName.map { "nothing was decided for policy \($0) yet\n" } ?? "nothing was decided yet\n"
        }
        return cycles.map { cycle in
            let changes = cycle.recommendations.map { "\($0.candidate.knob) \($0.candidate.from) → \($0.candidate.to)" }
            let what = changes.isEmpty ? cycle.outcome.words : changes.joined(separator: ", ")
            return "\(cycle.id.short)  \(cycle.time)  \(cycle.origin.rawValue)  \(cycle.policy): \(what)\n"
        }.joined()
    }

    private struct Entry: Encodable {
        struct Change: Encodable {
            let id: String
            let candidate: Candidate
        }

        let id: String
        let policy: String
        let time: String
        let origin: String
        let outcome: String
        let toolVersion: String
        let recommendations: [Change]
    }

    private func json(_ cycles: [CycleSummary]) throws -> String {
        let entries = cycles.map { cycle in
            Entry(
                id: cycle.id.uuidString.lowercased(), policy: cycle.policy, time: cycle.time.description, origin: cycle.origin.rawValue,
                outcome: cycle.outcome.rawValue, toolVersion: cycle.toolVersion,
                recommendations: cycle.recommendations.map { .init(id: $0.id.uuidString.lowercased(), candidate: $0.candidate) })
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(entries), as: UTF8.self) + "\n"
    }
}

extension Decision.Outcome {
    /// In a few words.
    var words: String {
        switch self {
        case .nothingToDo: "nothing to change"
        case .recommend: "recommendation"
        case .hold: "hold: no change is allowed or worth making"
        case .unknown: "too little is known"
        }
    }
}

extension UUID {
    /// Enough of it to name a cycle.
    var short: String { String(uuidString.lowercased().prefix(8)) }
}
