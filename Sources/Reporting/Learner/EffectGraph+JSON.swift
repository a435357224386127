import Control
import Foundation
import Learning

/// Graphs as one JSON document.
public struct EffectGraphDocument: Encodable {
    private let deployments: [Deployment]

    public init(_ graphs: [EffectGraph]) { deployments = graphs.map(Deployment.init) }

    /// - Throws: `EncodingError`, which no finite figure causes.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    private struct Deployment: Encodable {
        let deployment: String
        let episodes: Int
        let holdouts: Int
        /// Missing where there are none.
        let canaries: Int?
        let leftOut: Int
        let edges: [Edge]
        let accuracy: [String: Accuracy]

        init(_ graph: EffectGraph) {
            deployment = graph.deployment
            episodes = graph.learned.episodes
            holdouts = graph.learned.holdouts
            canaries = graph.learned.canaries
            leftOut = graph.learned.leftOut
            edges = graph.edges.map(Edge.init)
            accuracy = Dictionary(uniqueKeysWithValues: graph.learned.accuracy.map { ($0.key.rawValue, Accuracy($0.value)) })
        }
    }

    private struct Edge: Encodable {
        let action: String
        let outcome: String
        /// Relative changes: −0.1 is a fall by 10 %.
        let change: Double
        let lower90: Double
        let upper90: Double
        let probabilityOfFall: Double
        /// Log units.
        let predictedLogRatio: Double
        let excessLogRatio: Double
        let deviation: Double
        let episodes: Int
        let effectiveEpisodes: Double
        let canaries: Int?

        init(_ edge: EffectGraph.Edge) {
            action = edge.action
            outcome = edge.outcome.rawValue
            change = edge.change
            lower90 = edge.interval.lowerBound
            upper90 = edge.interval.upperBound
            probabilityOfFall = edge.probabilityOfFall
            predictedLogRatio = edge.effect.predicted
            excessLogRatio = edge.effect.excess
            deviation = edge.effect.deviation
            episodes = edge.effect.episodes
            effectiveEpisodes = edge.effect.effectiveEpisodes
            canaries = edge.effect.canaries
        }
    }

    private struct Accuracy: Encodable {
        let intervalsHeld: Int
        let intervalsStated: Int
        let widening: Double
        let episodeDeviation: Double
        let changesFound: Int
        let calibrationError: Double?
        let reliability: [Reliability.Bin]

        init(_ accuracy: LearnedAccuracy) {
            intervalsHeld = accuracy.covered
            intervalsStated = accuracy.stated
            widening = accuracy.widening
            episodeDeviation = accuracy.episodeDeviation
            changesFound = accuracy.changes
            calibrationError = accuracy.reliability.calibrationError
            reliability = accuracy.reliability.bins
        }
    }
}
