import Foundation
import Learning
import Measurements
import Testing
import Verification

@Suite struct CampaignTests {
    @Test("figures", .enabled(if: ProcessInfo.processInfo.environment["VERIFICATION_CAMPAIGN"] != nil))
    func figures() {
        for (name, slowdown) in [("null", 1.0), ("harm", 1.10), ("mild", 1.05), ("benefit", 0.90)] {
            for margin in [0.03, 0.05] {
                let campaign = Campaign(worlds: 300) { pool in
                    pool.slowdown = slowdown
                } plan: {
                    $0.margin = log(1 + margin)
                }
                print(name, margin, campaign.summary)
            }
        }
    }
}

/// Many worlds, one question.
struct Campaign {
    var outcomes: [Verdict: Int] = [:]
    var secondsToWorsened: [Double] = []
    var secondsToImproved: [Double] = []
    var naive = 0
    var effects: [Double] = []
    var naiveEffects: [Double] = []
    var worlds: Int

    init(
        worlds: Int, firstSeed: UInt64 = 1, _ shape: (inout SimulatedPool) -> Void, plan adjust: (inout VerificationPlan) -> Void = { _ in }
    ) {
        self.worlds = worlds
        var plan = VerificationPlan(engine: Self.wrongTwin)
        adjust(&plan)
        for seed in firstSeed..<firstSeed + UInt64(worlds) {
            var pool = SimulatedPool(seed: seed)
            shape(&pool)
            let run = pool.run()
            let finding = verify(before: run.before, after: run.after, plan: plan)
            guard let verdict = finding.verdict else { continue }
            outcomes[verdict, default: 0] += 1
            if verdict == .worsened { secondsToWorsened.append(finding.observed.inSeconds) }
            if verdict == .improved { secondsToImproved.append(finding.observed.inSeconds) }
            var all = plan
            all.alpha = 1e-12
            all.benefitAlpha = 1e-12
            if let effect = verify(before: run.before, after: run.after, plan: all)[.timePerOutputToken]?.effect {
                effects.append(effect.logRatio)
            }
            let delta = NaiveDelta(before: run.before, after: run.after)
            naiveEffects.append(delta.effect)
            if delta.looksWorse { naive += 1 }
        }
    }

    /// The engine of the worlds with its constants wrong by overhead × 1.4, weight read × 0.85, compute slope × 1.15, cache × 0.7.
    static let wrongTwin = EngineTwin(
        overhead: 2.25 * 1.4, weightRead: 14.6 * 0.85, computePerToken: 0.0537 * 1.15, cachePerToken: 4.2e-5 * 0.7, replicas: 8)

    func share(_ verdict: Verdict) -> Double { Double(outcomes[verdict] ?? 0) / Double(worlds) }

    static func quantile(_ values: [Double], _ share: Double) -> Double {
        values.isEmpty ? .nan : values.sorted()[min(values.count - 1, Int((share * Double(values.count)).rounded(.up)) - 1)]
    }

    var summary: String {
        func stats(_ v: [Double]) -> String {
            let m = v.reduce(0, +) / Double(v.count)
            return String(format: "%.3f±%.3f", m, (v.map { ($0 - m) * ($0 - m) }.reduce(0, +) / Double(v.count)).squareRoot())
        }
        return
            "\(outcomes.map { "\($0.key) \($0.value)" }.sorted()) naive \(naive) worse p50/90/99 \([0.5, 0.9, 0.99].map { Self.quantile(secondsToWorsened, $0) }) better \([0.5, 0.9, 0.99].map { Self.quantile(secondsToImproved, $0) }) effect \(stats(effects)) naive effect \(stats(naiveEffects))"
    }
}

/// What everybody writes first: the mean after minus the mean before, judged by two standard errors of independent blocks.
struct NaiveDelta {
    let effect: Double
    let looksWorse: Bool

    init(before: [LatencyBlock], after: [LatencyBlock]) {
        let before = before.compactMap { $0.logTimePerOutputToken?.mean }
        let after = after.prefix(20).compactMap { $0.logTimePerOutputToken?.mean }
        effect = Self.mean(after) - Self.mean(before)
        looksWorse = effect > 2.326 * (Self.squaredError(before) + Self.squaredError(after)).squareRoot()
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    private static func squaredError(_ values: [Double]) -> Double {
        let center = mean(values)
        return values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(values.count - 1) / Double(values.count)
    }
}
