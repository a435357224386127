import Foundation
import Learning
import Measurements
import TestSupport
import Testing

@testable import Reporting

@Suite struct EffectGraphTests {
    /// What twelve episodes say, three of them holdouts, of a deployment with a hostile name.
    static func graph(_ deployment: String = "llm/Deployment/chat-8b") throws -> EffectGraph {
        let now = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)
        let samples = try (0..<12).map { number -> EpisodeRecord in
            let isHoldout = number % 4 == 3
            var episode = EpisodeRecord(
                id: UUID(), deployment: deployment, decidedAt: now.advanced(by: .seconds(-3_600 * (12 - number))),
                mode: isHoldout ? .holdout : .temporal,
                propensities: try Propensities(
                    chosen: isHoldout ? "noop" : "slots +1", distribution: ["slots +1": 0.75, EpisodeRecord.noOperation: 0.25]))
            episode.before.outcomes.timePerOutputToken = -3
            episode.predictions.afterUnchanged.timePerOutputToken = 0
            episode.predictions.afterChanged.timePerOutputToken = 0.1
            var after = EpisodeWindow()
            after.outcomes.timePerOutputToken = -3 + 0.01 * Double(number % 3) - (isHoldout ? 0 : 0.2)
            after.conditions.arrivalRate = 2
            episode.closure = EpisodeClosure(time: now, verdict: .improved, stopReason: "decided", after: after)
            return episode
        }
        return EffectGraph(
            deployment: deployment, learned: try #require(LearnedEffects(OutcomeRows(samples.compactMap(\.sample), at: now))))
    }

    @Test("the table tells arrows with intervals, from how many episodes, and how statements have held")
    func text() throws {
        let text = try Self.graph().text
        #expect(text.hasPrefix("llm/Deployment/chat-8b: learned from 12 episodes, 3 holdouts\n"), "\(text)")
        #expect(text.contains("slots +1 → time per output token") && text.contains("9 episodes, physics said +11 %"), "\(text)")
        #expect(text.contains("very likely falls") && text.contains("intervals for the next episode held"), "\(text)")
    }

    @Test("canaries are told as such, and nothing is said of them where there are none")
    func canaries() throws {
        let now = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)
        let samples = try (0..<2).map { _ in
            var episode = EpisodeRecord(
                id: UUID(), deployment: "llm/chat", decidedAt: now, mode: .canary,
                propensities: try Propensities(chosen: "slots +1", distribution: ["slots +1": 1]))
            episode.predictions.afterUnchanged.timePerOutputToken = 0
            episode.predictions.afterChanged.timePerOutputToken = 0.1
            var closure = EpisodeClosure(time: now, verdict: .improved, stopReason: "decided")
            closure.contrasts[.timePerOutputToken] = MeasuredEffect(logRatio: -0.2, standardError: 0.02, lower: -0.3, upper: -0.1)
            episode.closure = closure
            return try #require(episode.sample)
        }
        let graph = EffectGraph(deployment: "llm/chat", learned: try #require(LearnedEffects(OutcomeRows(samples, at: now))))
        #expect(graph.text.hasPrefix("llm/chat: learned from 2 episodes, 0 holdouts, 2 canaries\n"), "\(graph.text)")
        #expect(graph.text.contains("; 2 episodes, 2 canaries, physics said +11 %"), "\(graph.text)")
        #expect(try EffectGraphDocument([graph]).json().contains("\"canaries\" : 2"))
        #expect(try !EffectGraphDocument([Self.graph()]).json().contains("canaries"))
        #expect(try !Self.graph().text.contains("canar"))
    }

    @Test("the JSON holds every figure of an arrow")
    func json() throws {
        let document = try JSONSerialization.jsonObject(with: Data(try EffectGraphDocument([Self.graph()]).json().utf8))
        let deployments = try #require((document as? [String: Any])?["deployments"] as? [[String: Any]])
        let edge = try #require((deployments.first?["edges"] as? [[String: Any]])?.first)
        #expect(edge["action"] as? String == "slots +1" && edge["outcome"] as? String == "tpot" && edge["episodes"] as? Int == 9)
        let (change, lower, upper) = (edge["change"] as? Double ?? 0, edge["lower90"] as? Double ?? 0, edge["upper90"] as? Double ?? 0)
        #expect(lower < change && change < upper && upper < 0)
        let accuracy = try #require((deployments.first?["accuracy"] as? [String: Any])?["tpot"] as? [String: Any])
        #expect((accuracy["reliability"] as? [Any])?.count == 10)
    }

    @Test("names that would break out of a drawing are text in it")
    func hostile() throws {
        let name = #"a"]; b -> c [x="\n<script>alert(1)</script>"#
        let graph = try Self.graph(name)
        #expect(graph.dot.contains(#"digraph "a\"]; b -> c [x=\"\\n<script>"#), "\(graph.dot)")
        #expect(graph.svg.hasPrefix("<svg xmlns=") && !graph.svg.contains("<script"))
        #expect(graph.dot.contains(#""action slots +1" -> "outcome tpot""#))
        #expect(graph.svg.contains("slots +1") && graph.svg.contains("time per output token"))
    }
}
