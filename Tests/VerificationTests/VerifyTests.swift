import Foundation
import Learning
import Measurements
import Policies
import Testing
import Verification

@Suite struct VerifyTests {
    static let plan = VerificationPlan(engine: Campaign.wrongTwin)
    static let quiet = SimulatedPool(seed: 7).run()
    static let harmed: SimulatedPool.Run = {
        var pool = SimulatedPool(seed: 7)
        pool.slowdown = 1.15
        return pool.run()
    }()

    static func moved(_ blocks: [LatencyBlock], firstToken: Double = 0, perToken: Double = 0) -> [LatencyBlock] {
        blocks.map { block in
            var block = block
            block.logTimeToFirstToken?.mean += firstToken
            block.logTimePerOutputToken?.mean += perToken
            return block
        }
    }

    static func bytes(_ finding: VerificationFinding) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(finding)
    }

    @Test("a verdict stays, to the byte, however many blocks follow, and none comes before it")
    func prefixes() throws {
        let all = verify(before: Self.harmed.before, after: Self.harmed.after, plan: Self.plan)
        #expect(all.verdict == .worsened)
        let decidedAfter = Int(all.observed.inSeconds / 15)
        for count in 0..<decidedAfter {
            let finding = verify(before: Self.harmed.before, after: Array(Self.harmed.after.prefix(count)), plan: Self.plan)
            #expect(finding.verdict == nil, "after \(count) blocks")
        }
        for count in [decidedAfter, decidedAfter + 1, decidedAfter + 20] {
            let finding = verify(before: Self.harmed.before, after: Array(Self.harmed.after.prefix(count)), plan: Self.plan)
            #expect(try Self.bytes(finding) == Self.bytes(all))
        }
    }

    @Test("the order of blocks and blocks delivered twice change nothing")
    func order() throws {
        let finding = verify(.temporal(before: Self.harmed.before, after: Self.harmed.after), plan: Self.plan)
        let shuffled = verify(
            before: Self.harmed.before.reversed() + Self.harmed.before.prefix(9), after: Self.harmed.after.reversed(), plan: Self.plan)
        #expect(try Self.bytes(finding) == Self.bytes(shuffled))
        #expect(try JSONDecoder().decode(VerificationFinding.self, from: Self.bytes(finding)) == finding)
    }

    @Test("the unit of time does not matter: a constant added to all logarithms changes no verdict and no effect", arguments: [-6.9, 3.0])
    func shift(constant: Double) throws {
        let finding = verify(before: Self.harmed.before, after: Self.harmed.after, plan: Self.plan)
        let moved = verify(
            before: Self.moved(Self.harmed.before, firstToken: constant, perToken: constant),
            after: Self.moved(Self.harmed.after, firstToken: constant, perToken: constant), plan: Self.plan)
        #expect(moved.state == finding.state && moved.observed == finding.observed)
        for metric in ComparedMetric.allCases {
            let (one, other) = try (#require(finding[metric]?.effect), #require(moved[metric]?.effect))
            #expect(abs(one.logRatio - other.logRatio) < 1e-9)
        }
    }

    @Test("the estimate is the true effect, and the interval holds it")
    func estimate() throws {
        var plan = Self.plan
        plan.timeLimit = .seconds(1_800)
        plan.margin = 1
        plan.minimumBenefit = 1
        let after = Self.moved(Self.quiet.after, perToken: 0.2)
        let finding = verify(before: Self.quiet.before, after: after, plan: plan)
        let metric = try #require(finding[.timePerOutputToken])
        #expect(finding.verdict == .inconclusive)
        #expect(abs(try #require(metric.effect).logRatio - 0.2) < 0.05)
        #expect(try #require(metric.interval).contains(0.2))
        #expect(metric.before.used == 110 && metric.before.trigger == 4 && metric.after.leading == 1)
    }

    @Test("a gain in the aimed metric does not excuse harm to another limited one")
    func noExcuse() {
        let after = Self.moved(Self.quiet.after, firstToken: 0.4, perToken: -0.3)
        let finding = verify(before: Self.quiet.before, after: after, plan: Self.plan)
        #expect(finding.state == .decided(.worsened, by: .harm(.timeToFirstToken)))
        #expect(finding.explanation.hasPrefix("Worse: at equal load the time to first token rose by more than the tolerated 5 %"))
    }

    @Test("a metric that the objective does not limit may rise by three margins and no more")
    func unlimited() {
        var objective = Policy.Objective()
        objective.latencies = [.init(metric: .timePerOutputToken, statistic: .mean, limit: .milliseconds(50))]
        let plan = VerificationPlan(objective: objective, engine: Campaign.wrongTwin)
        #expect(plan.judged == [.timePerOutputToken])
        let little = verify(
            before: Self.quiet.before, after: Self.moved(Self.quiet.after, firstToken: 0.10, perToken: -0.3), plan: plan)
        #expect(little.state == .decided(.improved, by: .benefit(.timePerOutputToken)))
        let much = verify(before: Self.quiet.before, after: Self.moved(Self.quiet.after, firstToken: 0.6, perToken: -0.05), plan: plan)
        #expect(much.state == .decided(.worsened, by: .harm(.timeToFirstToken)))
    }

    @Test("a change made to save money is kept once it is proved not to harm")
    func holdLatency() {
        var plan = Self.plan
        plan.aim = .holdLatency
        plan.margin = 0.2
        #expect(verify(before: Self.quiet.before, after: Self.quiet.after, plan: plan).state == .decided(.improved, by: .noHarm))
        #expect(verify(before: Self.harmed.before, after: Self.harmed.after, plan: Self.plan).verdict == .worsened)
    }

    @Test("missing blocks cost time, not truth")
    func missing() throws {
        func thinned(_ blocks: [LatencyBlock]) -> [LatencyBlock] { blocks.enumerated().filter { $0.offset % 3 != 1 }.map(\.element) }
        let harmed = verify(before: thinned(Self.harmed.before), after: thinned(Self.harmed.after), plan: Self.plan)
        #expect(harmed.verdict == .worsened)
        let quiet = verify(before: thinned(Self.quiet.before), after: thinned(Self.quiet.after), plan: Self.plan)
        #expect(quiet.verdict == .inconclusive)
    }

    @Test("a night without a request is not measured, neither better nor worse")
    func night() {
        let after = Self.quiet.after.map { LatencyBlock(start: $0.start, length: $0.length) }
        let finding = verify(before: Self.quiet.before, after: after, plan: Self.plan)
        #expect(finding.state == .decided(.unmeasured, by: .tooLittleData))
        #expect(finding.observed == .seconds(1_800) && finding[.timeToFirstToken]?.after.empty == 120)
        #expect(finding.explanation.contains("Not measured") && finding.explanation.contains("120 without it"))
    }

    @Test("one block far off does not condemn a change", arguments: [3, 9, 30])
    func outage(position: Int) {
        var after = Self.quiet.after
        after[position] = Self.moved([after[position]], firstToken: 3, perToken: 3)[0]
        #expect(verify(before: Self.quiet.before, after: after, plan: Self.plan).verdict != .worsened)
    }

    @Test("a change after which every request fails is worse at once; a few failures are not")
    func failures() {
        func failing(_ share: Double) -> [LatencyBlock] {
            Self.quiet.after.map { block in
                var failed = LatencyBlock(start: block.start, length: block.length, requests: block.requests)
                failed.failed = Int(Double(block.requests) * share)
                if share < 1 {
                    failed.logTimeToFirstToken = block.logTimeToFirstToken
                    failed.logTimePerOutputToken = block.logTimePerOutputToken
                }
                return failed
            }
        }
        let all = verify(before: Self.quiet.before, after: failing(1), plan: Self.plan)
        guard case .decided(.worsened, by: .tripwire(.errors)) = all.state else {
            Issue.record("expected the errors to trip, got \(all.state)")
            return
        }
        #expect(all.observed == .seconds(15))
        #expect(verify(before: Self.quiet.before, after: failing(0.009), plan: Self.plan).verdict != .worsened)
    }

    @Test("requests that arrive and are never answered are worse; none arriving is not")
    func stalled() {
        func silent(_ arrivals: Int?) -> VerificationFinding {
            let after = Self.quiet.after.map { block in
                var silent = LatencyBlock(start: block.start, length: block.length)
                silent.arrivals = arrivals
                return silent
            }
            return verify(before: Self.quiet.before, after: after, plan: Self.plan)
        }
        #expect(silent(10).state == .decided(.worsened, by: .tripwire(.stalled(for: .seconds(30)))))
        #expect(silent(0).verdict == .unmeasured)
        #expect(silent(nil).verdict == .unmeasured)
    }

    @Test("no number of a block that is not one reaches a finding", arguments: [Double.nan, .infinity, -.infinity, 1e300])
    func notFinite(value: Double) throws {
        func spoiled(_ blocks: [LatencyBlock]) -> [LatencyBlock] {
            blocks.enumerated().map { position, block in
                guard position % 4 == 2 else { return block }
                var block = block
                block.logTimeToFirstToken?.mean = value
                block.logTimePerOutputToken?.mean = value
                block.inputTokens = value
                block.outputTokens = value
                return block
            }
        }
        let finding = verify(before: spoiled(Self.harmed.before), after: spoiled(Self.harmed.after), plan: Self.plan)
        #expect(finding.verdict == .worsened)
        #expect(try #require(finding[.timePerOutputToken]?.effect).logRatio.isFinite)
        #expect(try Self.bytes(finding).count > 100, "not a number would not encode")
    }

    @Test(
        "few blocks before allow for the load with fewer terms, and too few are said to be",
        arguments: [(9, nil), (11, "constant"), (20, "linear"), (40, "quadratic")])
    func terms(blocks: Int, terms: String?) {
        let finding = verify(before: Array(Self.quiet.before.suffix(blocks)), after: Self.quiet.after, plan: Self.plan)
        #expect(finding[.timePerOutputToken]?.loadFit?.terms.rawValue == terms)
        #expect((finding.verdict == .unmeasured) == (terms == nil))
    }

    @Test("a block of a clock that is wrong by centuries ends the attempt and traps nothing")
    func wrongClock() {
        let far = LatencyBlock(start: Timestamp(nanosecondsSinceEpoch: .max), length: .seconds(15), requests: 5)
        let past = LatencyBlock(start: Timestamp(nanosecondsSinceEpoch: .min), length: .seconds(15), requests: 5)
        let finding = verify(before: [past] + Self.quiet.before, after: Self.quiet.after.prefix(3) + [far], plan: Self.plan)
        #expect(finding.verdict == .unmeasured)
    }

    @Test("nothing before and nothing after is watched, not judged")
    func empty() {
        let finding = verify(before: [], after: [], plan: Self.plan)
        #expect(finding.state == .watching(.init(blocks: 0, blocksNeeded: 8, remaining: .seconds(1_800))))
    }

    @Test("the aim is the metric that is predicted to fall most, if any")
    func aim() {
        func aim(_ firstToken: Double, _ perToken: Double) -> VerificationPlan.Aim {
            let outcomes: [Outcome: EffectEstimate] = [
                .timeToFirstToken: .init(logRatio: firstToken, deviation: 0.1),
                .timePerOutputToken: .init(logRatio: perToken, deviation: 0.1),
            ]
            return VerificationPlan.aim(of: PredictedEffect(outcomes: outcomes, source: .physicalPrior, reasoning: []))
        }
        #expect(aim(-0.3, -0.1) == .lower(.timeToFirstToken))
        #expect(aim(0.1, -0.1) == .lower(.timePerOutputToken))
        #expect(aim(0.1, 0) == .holdLatency)
    }
}
