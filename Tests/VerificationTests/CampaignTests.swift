import Foundation
import Learning
import Measurements
import Policies
import Testing
import Verification

@Suite struct CampaignTests {
    @Test("says harmful of at most 1 % of changes that do nothing, where the naive difference says it of more than 35 %")
    func harmless() {
        let campaign = Campaign(worlds: 300)
        #expect(campaign.count(.worsened) <= 3, "\(campaign)")
        #expect(campaign.naive > 105, "the worlds are too easy: \(campaign)")
    }

    @Test("finds at least 98 % of harms of 18 %, the slowest hundredth within 720 s")
    func harmful() {
        let campaign = Campaign(worlds: 100, firstSeed: 10_001, slowdown: 1.10)
        #expect(campaign.count(.worsened) >= 98 && campaign.count(.improved) == 0, "\(campaign)")
        #expect(Campaign.quantile(campaign.secondsToWorsened, 0.99) <= 720, "\(campaign)")
    }

    @Test("keeps changes that lower latency by 15 %")
    func useful() {
        let campaign = Campaign(worlds: 60, firstSeed: 20_001, slowdown: 0.90)
        #expect(campaign.count(.improved) >= 57 && campaign.count(.worsened) == 0, "\(campaign)")
    }

    @Test("blames at most a tenth of harmless changes for twice the load at the same moment, where arrivals are counted")
    func loadStep() {
        let campaign = Campaign(worlds: 60, firstSeed: 30_001) { pool in
            pool.loadStep = 2
            pool.countsArrivals = true
        }
        #expect(campaign.count(.worsened) <= 6 && campaign.naive >= 57, "\(campaign)")
    }

    @Test("all figures", .enabled(if: ProcessInfo.processInfo.environment["VERIFICATION_CAMPAIGN"] != nil))
    func figures() {
        let worlds = Int(ProcessInfo.processInfo.environment["VERIFICATION_CAMPAIGN"] ?? "") ?? 300
        for margin in [0.03, 0.05] {
            for slowdown in [1.0, 1.05, 1.10, 1.15, 0.90] {
                print("margin \(margin) slowdown \(slowdown):", Campaign(worlds: worlds, margin: margin, slowdown: slowdown))
            }
        }
        for rate in [36.0, 52] { print("rate \(rate):", Campaign(worlds: worlds) { $0.meanRate = rate }) }
        for before in [14, 24, 44] { print("blocks before \(before):", Campaign(worlds: worlds) { $0.blocksBefore = before }) }
        for counts in [true, false] {
            for step in [0.5, 1.25, 1.5, 2] {
                let campaign = Campaign(worlds: worlds) { pool in
                    pool.loadStep = step
                    pool.countsArrivals = counts
                }
                print("load × \(step), arrivals \(counts):", campaign)
            }
        }
        print(
            "rate 52, arrivals:",
            Campaign(worlds: worlds) { pool in
                pool.meanRate = 52
                pool.countsArrivals = true
            })
        print("arrivals:", Campaign(worlds: worlds) { $0.countsArrivals = true })
    }
}

/// Many worlds, one question.
struct Campaign: CustomStringConvertible {
    let worlds: Int
    private(set) var naive = 0
    private(set) var secondsToWorsened: [Double] = []
    private(set) var secondsToImproved: [Double] = []
    private var outcomes: [Verdict: Int] = [:]

    /// - Parameter margin: Tolerated rise as a ratio.
    init(
        worlds: Int, firstSeed: UInt64 = 1, margin: Double = 0.03, slowdown: Double = 1, _ shape: (inout SimulatedPool) -> Void = { _ in }
    ) {
        self.worlds = worlds
        var policy = Policy.Verification()
        policy.rollbackIfWorseBy = margin
        let plan = VerificationPlan(policy, engine: Self.wrongTwin)
        for seed in firstSeed..<firstSeed + UInt64(worlds) {
            var pool = SimulatedPool(seed: seed)
            pool.slowdown = slowdown
            shape(&pool)
            let run = pool.run()
            record(verify(before: run.before, after: run.after, plan: plan))
            naive += NaiveDelta(before: run.before, after: run.after, margin: plan.margin).looksWorse ? 1 : 0
        }
    }

    private mutating func record(_ finding: VerificationFinding) {
        guard let verdict = finding.verdict else { return }
        outcomes[verdict, default: 0] += 1
        if verdict == .worsened { secondsToWorsened.append(finding.observed.inSeconds) }
        if verdict == .improved { secondsToImproved.append(finding.observed.inSeconds) }
    }

    /// The engine of the worlds with its constants wrong by overhead × 1.4, weight read × 0.85, compute slope × 1.15, cache × 0.7.
    static let wrongTwin = EngineTwin(
        overhead: 2.25 * 1.4, weightRead: 14.6 * 0.85, computePerToken: 0.0537 * 1.15, cachePerToken: 4.2e-5 * 0.7, replicas: 8)

    func count(_ verdict: Verdict) -> Int { outcomes[verdict] ?? 0 }

    static func quantile(_ values: [Double], _ share: Double) -> Double {
        guard !values.isEmpty else { return .infinity }
        return values.sorted()[max(0, Int((share * Double(values.count)).rounded(.up)) - 1)]
    }

    var description: String {
        let verdicts = Verdict.allCases.filter { count($0) > 0 }.map { "\($0.rawValue) \(count($0))" }.joined(separator: ", ")
        return "of \(worlds): \(verdicts); the naive difference calls \(naive) worse; seconds to worsened (p50, p90, p99) "
            + "\(quantiles(secondsToWorsened)), to improved \(quantiles(secondsToImproved))"
    }

    private func quantiles(_ seconds: [Double]) -> String {
        seconds.isEmpty ? "none" : [0.5, 0.9, 0.99].map { "\(Int(Self.quantile(seconds, $0)))" }.joined(separator: " ")
    }
}

/// What everybody writes first: the mean after minus the mean before, looked at after every block from the eighth to the twentieth.
struct NaiveDelta {
    let looksWorse: Bool

    init(before: [LatencyBlock], after: [LatencyBlock], margin: Double) {
        func mean(_ blocks: some Sequence<LatencyBlock>) -> Double {
            let means = blocks.compactMap { $0.logTimePerOutputToken?.mean }
            return means.reduce(0, +) / Double(means.count)
        }
        let level = mean(before)
        looksWorse = (8...20).contains { mean(after.prefix($0)) - level > margin }
    }
}
