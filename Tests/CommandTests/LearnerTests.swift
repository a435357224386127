import EpisodeStore
import Foundation
import Learning
import Measurements
import TestSupport
import Testing

/// What was learned, through the binary, from a store with episodes in it.
@Suite struct LearnerTests {
    let folder: TemporaryFolder
    let store: String

    init() throws {
        folder = try TemporaryFolder()
        store = folder.path("store.sqlite")
    }

    func run(_ arguments: String...) throws -> CommandLineRun { try CommandLineRun(["learner"] + arguments + ["--store", store]) }

    /// Forty days with four decisions each; the change costs a fifth more time per token than the no-op beside it.
    private func fill(_ deployment: String, decisions: Int = 160) throws {
        let store = try EpisodeStore(path: store)
        for number in 0..<decisions {
            let isHoldout = number % 3 == 0
            var episode = EpisodeRecord(
                id: UUID(), deployment: deployment,
                decidedAt: Timestamp(secondsSinceEpoch: Date().timeIntervalSince1970 - 21_600 * Double(decisions - number)),
                mode: isHoldout ? .holdout : .temporal,
                propensities: try Propensities(
                    chosen: isHoldout ? EpisodeRecord.noOperation : "slots +1",
                    distribution: ["slots +1": 2.0 / 3, EpisodeRecord.noOperation: 1.0 / 3]))
            episode.before.outcomes.timePerOutputToken = -3 + 0.01 * Double(number % 5)
            episode.predictions.afterUnchanged.timePerOutputToken = 0
            episode.predictions.afterChanged.timePerOutputToken = 0.05
            var after = EpisodeWindow()
            after.outcomes.timePerOutputToken = -3 + 0.01 * Double(number % 7) + (isHoldout ? 0 : 0.2)
            after.conditions.arrivalRate = 2 + 0.1 * Double(number % 4)
            episode.closure = EpisodeClosure(
                time: episode.decidedAt.advanced(by: .seconds(600)), verdict: .worsened, stopReason: "decided", after: after)
            try store.append(episode)
        }
    }

    @Test("a store without episodes is told apart from one that is not there")
    func nothing() throws {
        #expect(try run("show").status == 2)
        _ = try EpisodeStore(path: store)
        let run = try run("show")
        #expect(run.status == 1 && run.output.hasPrefix("no closed episode to learn from yet"))
        #expect(try self.run("evaluate").status == 1)
        #expect(try self.run("show", "--deployment", "x").errors.contains("no episode of deployment 'x'; it has none"))
    }

    @Test("the graph is shown as text, JSON, DOT and SVG")
    func shown() throws {
        try fill("llm/chat")
        let text = try run()
        #expect(
            text.status == 0 && text.output.hasPrefix("llm/chat: learned from 160 episodes, 54 holdouts\n"), "\(text.output)\(text.errors)")
        #expect(text.output.contains("slots +1 → time per output token") && text.output.contains("very likely rises"))
        #expect(try run("show", "--format", "dot").output.contains(#""action slots +1" -> "outcome tpot""#))
        #expect(try run("show", "--format", "svg").output.hasPrefix("<svg "))
        let json = try run("show", "--format", "json", "--deployment", "llm/chat").output
        let document = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let edges = try #require((document["deployments"] as? [[String: Any]])?.first?["edges"] as? [[String: Any]])
        #expect(edges.count == 1 && edges[0]["episodes"] as? Int == 106)
        try fill("llm/other", decisions: 3)
        let two = try run("show", "--format", "svg")
        #expect(two.status == 2 && two.errors.contains("choose with --deployment: llm/chat, llm/other"))
    }

    @Test("leaving a harmful change alone is shown to be better than making it")
    func evaluated() throws {
        try fill("llm/chat")
        let run = try run("evaluate", "--outcome", "tpot")
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        let lines = run.output.split(separator: "\n")
        #expect(lines.first == "llm/chat: time per output token over 160 decisions, 54 of them holdouts; beside what was done")
        #expect(lines.contains { $0.hasPrefix("  no change: −") && $0.hasSuffix("; better") }, "\(run.output)")
        #expect(lines.contains { $0.hasPrefix("  every proposed change: +") && $0.hasSuffix("not shown to be better") }, "\(run.output)")
        #expect(try self.run("evaluate", "--outcome", "cost").status == 2)
        #expect(try self.run("evaluate", "--outcome", "ttft").status == 1)
    }
}
