import EngineModels
import Foundation
import Learning
import Measurements
import Simulation
import Statistics
import Verification

/// Eight replicas under a wavering load that all get a change directly after a spike which made somebody want it.
struct PoolWorld {
    var seed: UInt64
    var slowness = 1.0

    static let blockSeconds = 15.0
    static let blocksBefore = 114
    static let blocksAfter = 120
    private static let settleSeconds = 60.0

    struct Run {
        var before: [LatencyBlock] = []
        var after: [LatencyBlock] = []
    }

    func run() -> Run {
        var seeds = SplitMix64(seed: seed &* 0xD1B5_4A32_D192_ED03 &+ 7)
        let changeAt = Double(Self.blocksBefore) * Self.blockSeconds
        let seconds = changeAt + Self.settleSeconds + Double(Self.blocksAfter) * Self.blockSeconds
        let drift = Double(seeds.next() >> 11) * 0x1p-53 * 0.3 - 0.15
        let setup = PoolSetup(
            profile: .llama70BOnFourH100, replicas: 8, seed: seeds.next(), noise: PoolNoise(betweenReplicas: 0.03, withinReplica: 0.04))
        let calm = LoadShape.ramp(from: 42 * (1 - drift), to: 42 * (1 + drift), seconds: seconds)
            .modulated(for: seconds, deviation: 0.2, correlationSeconds: 300, seed: seeds.next())
        let rates = calm.rates.enumerated().map { step, rate in
            let second = Double(step) * calm.stepSeconds
            return second >= changeAt - 60 && second < changeAt ? rate * 1.5 : rate
        }
        var group = SimulatedGroup(
            setup, slowness: slowness, changedSeed: setup.seed,
            shape: .series(RateSeries(stepSeconds: calm.stepSeconds, rates: rates)), seed: seeds.next())
        var run = Run()
        for block in 0..<Int(seconds / Self.blockSeconds) {
            if block == Self.blocksBefore { group.change() }
            var arrivals = 0
            let end = Double(block + 1) * Self.blockSeconds
            let outcomes = group.advance(to: Nanoseconds(seconds: end)) { _ in arrivals += 1 }
            let latency = LatencyBlock(outcomes, arrivals: arrivals, start: end - Self.blockSeconds)
            if block < Self.blocksBefore { run.before.append(latency) }
            if end > changeAt + Self.settleSeconds { run.after.append(latency) }
        }
        return run
    }

    /// The engine of the worlds with its constants wrong by overhead × 1.4, weight read × 0.85, compute slope × 1.15, cache × 0.7.
    static let plan: VerificationPlan = {
        var plan = VerificationPlan(
            engine: EngineTwin(
                overhead: 2.25 * 1.4, weightRead: 14.6 * 0.85, computePerToken: 0.0537 * 1.15, cachePerToken: 4.2e-5 * 0.7, replicas: 8))
        plan.margin = log(1.03)
        plan.timeLimit = .seconds(1_800)
        return plan
    }()
}

extension LatencyBlock {
    init(_ outcomes: [RequestOutcome], arrivals: Int, start: Double) {
        self.init(start: Timestamp(secondsSinceEpoch: start), length: .seconds(PoolWorld.blockSeconds), requests: outcomes.count)
        func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }
        func logMean(_ values: [Double]) -> BlockMean? { mean(values.map { log($0) }).map { BlockMean(mean: $0, count: values.count) } }
        self.arrivals = arrivals
        logTimeToFirstToken = logMean(outcomes.map(\.timeToFirstToken.seconds))
        logTimePerOutputToken = logMean(outcomes.filter { $0.outputTokens >= 8 }.compactMap { $0.timePerOutputToken?.seconds })
        inputTokens = mean(outcomes.map { Double($0.inputTokens) })
        outputTokens = mean(outcomes.map { Double($0.outputTokens) })
    }
}

/// Many changes to a whole pool, one question.
struct PoolCampaign: CustomStringConvertible {
    private(set) var worlds = 0
    private(set) var worsened = 0
    private(set) var improved = 0
    /// How often the mean after less the mean before, looked at from the eighth to the twentieth block, exceeds the margin.
    private(set) var naive = 0
    private(set) var secondsToWorsened: [Double] = []

    init(worlds: Int, firstSeed: UInt64, slowness: Double = 1) {
        for seed in firstSeed..<firstSeed + UInt64(worlds) {
            let run = PoolWorld(seed: seed, slowness: slowness).run()
            let finding = verify(.temporal(before: run.before, after: run.after), plan: PoolWorld.plan)
            self.worlds += 1
            improved += finding.verdict == .improved ? 1 : 0
            naive += Self.looksWorse(run) ? 1 : 0
            guard finding.verdict == .worsened else { continue }
            worsened += 1
            secondsToWorsened.append(finding.observed.inSeconds)
        }
    }

    private static func looksWorse(_ run: PoolWorld.Run) -> Bool {
        func mean(_ blocks: some Sequence<LatencyBlock>) -> Double {
            let means = blocks.compactMap { $0.logTimePerOutputToken?.mean }
            return means.reduce(0, +) / Double(means.count)
        }
        let level = mean(run.before)
        return (8...20).contains { mean(run.after.prefix($0)) - level > PoolWorld.plan.margin }
    }

    var description: String {
        let times = [0.5, 0.9, 0.99].map { "\(CanaryCampaign.quantile(secondsToWorsened, $0))" }.joined(separator: "/")
        return "of \(worlds): worsened \(worsened), improved \(improved), naive \(naive); seconds to worsened \(times)"
    }
}
