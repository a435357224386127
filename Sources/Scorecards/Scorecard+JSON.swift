public import BackTesting
import Control
import FoundationEssentials
import Statistics

extension Scorecard {
    /// The scorecard as a document: figures in base units (seconds, hours, shares in `0...1`), means with 95 % intervals, and every seed.
    /// - Throws: `EncodingError`, which does not happen for finite figures.
    public func json(toolVersion: String) throws -> String {
        String(decoding: try CanonicalJSON.encode(ScorecardDocument(self, toolVersion)), as: UTF8.self) + "\n"
    }
}

private struct ScorecardDocument: Encodable {
    let tool = "llm-auto-optimizer"
    let toolVersion: String
    let circumstances: Scorecard.Circumstances
    let seeds: [UInt64]
    let reference: String?
    let paretoFront: [String]
    let contestants: [Contestant]

    struct Contestant: Encodable {
        let name: String
        let figures: [String: Figure]
        /// Against the reference, on the same seeds.
        let differences: [String: Estimate]?
    }

    struct Figure: Encodable {
        let estimate: Estimate
        /// By seed; `null` where it is not known.
        let bySeed: [Double?]
    }

    struct Estimate: Encodable {
        let mean: Double
        let lower95: Double?
        let upper95: Double?
        let seeds: Int

        init(_ estimate: SeedEstimate) {
            mean = estimate.mean
            lower95 = estimate.interval?.lower
            upper95 = estimate.interval?.upper
            seeds = estimate.seeds
        }
    }

    init(_ card: Scorecard, _ toolVersion: String) {
        self.toolVersion = toolVersion
        circumstances = card.circumstances
        seeds = card.seeds
        reference = card.reference?.name
        paretoFront = card.paretoFront.map(\.name)
        contestants = card.rows.enumerated().map { index, row in
            var figures: [String: Figure] = [:]
            var differences: [String: Estimate] = [:]
            for figure in ScoreFigure.allCases {
                guard let estimate = row.estimate(figure) else { continue }
                figures[figure.rawValue] = Figure(estimate: Estimate(estimate), bySeed: row.figures.map { $0[figure] })
                guard index > 0, let reference = card.reference, let difference = row.difference(figure, to: reference) else { continue }
                differences[figure.rawValue] = Estimate(difference)
            }
            return Contestant(name: row.name, figures: figures, differences: index > 0 ? differences : nil)
        }
    }
}
