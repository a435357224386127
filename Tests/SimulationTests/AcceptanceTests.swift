import EngineModels
import Measurements
import Statistics
import TestSupport
import Testing

@testable import Simulation

@Suite("What the simulator promises")
struct AcceptanceTests {
    @Test("AT-S1: leaps end where single iterations do, for 3 × 1 500 requests", arguments: UInt64(1)...3)
    func eventSkipping(seed: UInt64) {
        let profile = EngineProfile.known[Int(seed) - 1]
        var arrivals = Arrivals(
            shape: .constant(rate: [14, 9, 12][Int(seed) - 1]), inputs: .lognormal(median: 700, deviation: 0.8, min: 1, max: 6_000),
            outputs: .lognormal(median: 120, deviation: 0.7, min: 1, max: 800), seed: seed)
        var world = RandomWorld(seed: seed)
        world.setup = PoolSetup(profile: profile, settings: EngineSettings(maxNumSeqs: 96))
        world.setup.profile.cacheTokens = 40_000
        world.requests = (0..<1_500).compactMap { _ in arrivals.next() }
        var reference = SteppingReference(world)
        reference.run()
        let outcomes = world.run()
        var preemptions = 0
        for (outcome, job) in zip(outcomes, reference.jobs) {
            preemptions += job.preemptions
            let wayOut = outcome.lastToken.count - job.finished / 1_000
            #expect(outcome.id == job.request.id && abs(outcome.firstToken.count - job.firstToken / 1_000 - wayOut) <= 1)
            #expect(wayOut >= 6_000_000 && wayOut < 60_000_000 && outcome.preemptions == job.preemptions)
        }
        #expect(outcomes.count == 1_500 && reference.jobs.count == 1_500)
        #expect(seed != 1 || preemptions > 0)
    }

    @Test(
        "AT-S3: no request and no token is lost, and no cache overfull, in 1 000 random worlds that change all the time",
        arguments: [1, 251, 501, 751] as [UInt64])
    func conservation(first: UInt64) {
        var kinds: [RequestOutcome.Ending: Int] = [:]
        var preemptions: Int64 = 0
        for seed in first..<first + 250 {
            var world = RandomWorld(seed: seed, noise: seed % 2 == 0 ? 0.05 : 0)
            world.disturb(seed: seed)
            let result = world.runDisturbed()
            #expect(result.overfull == 0, "seed \(seed): a cache holds more than it has room for")
            #expect(result.outcomes.map(\.id).sorted() == world.requests.map(\.id), "seed \(seed)")
            for (outcome, request) in zip(result.outcomes.sorted { $0.id < $1.id }, world.requests.sorted { $0.id < $1.id }) {
                kinds[outcome.ending, default: 0] += 1
                #expect(outcome.inputTokens == request.inputTokens && outcome.arrival == request.arrival, "seed \(seed)")
                #expect(outcome.firstToken <= outcome.lastToken && outcome.scheduled >= outcome.arrival, "seed \(seed)")
                #expect((outcome.outputTokens == request.outputTokens) == (outcome.ending == .completed), "seed \(seed), \(outcome)")
            }
            let status = result.status
            #expect(status.submitted == world.requests.count)
            #expect(status.completed + status.refused + status.cancelled + status.failed == status.submitted, "seed \(seed)")
            #expect(status.running == 0 && status.waiting == 0 && status.cacheUsage == 0, "seed \(seed)")
            // Tokens that were made: those of answers, whole and broken off, and none twice.
            #expect(status.generatedTokens == Int64(result.outcomes.map(\.outputTokens).reduce(0, +)), "seed \(seed)")
            preemptions += status.preemptions
        }
        #expect(preemptions > 100 && RequestOutcome.Ending.allCases.allSatisfy { (kinds[$0] ?? 0) > 20 }, "\(kinds), \(preemptions)")
    }

    @Test(
        "AT-S4: an hour of Azure's conversations takes few steps; how long they take, make bench tells",
        .enabled(if: SharedData.isPresent, "needs the shared traces"))
    func steps() throws {
        let trace = try RequestTrace(csv: SharedData.unpacked("traces/azure2023_conv.csv.gz"))
        var pool = EnginePool(PoolSetup(profile: .llama70BOnFourH100, replicas: 2))
        for request in trace.requests { pool.submit(request) }
        pool.advance(to: EnginePool.longestTime)
        let status = pool.status
        #expect(status.completed == 19_366 && status.generatedTokens == Int64(trace.requests.map(\.outputTokens).reduce(0, +)))
        let steps = Double(status.steps) / 19_366
        #expect(steps < 4.5, "\(steps) steps a request, \(status.iterations) iterations")
        #expect(status.iterations > 3 * status.steps)
    }

    @Test("AT-S5: the same seed gives the same bytes, in this run and in every other")
    func determinism() {
        func digest(noise: PoolNoise, seed: UInt64) -> UInt64 {
            var arrivals = Arrivals(
                shape: .constant(rate: 20), process: .constant, inputs: .uniform(min: 1, max: 2_000), outputs: .uniform(min: 1, max: 200),
                seed: seed)
            var setup = PoolSetup(
                profile: .llama7BOnH100, replicas: 2, seed: seed,
                coldStart: ColdStart(median: Nanoseconds(seconds: 10), deviation: 0), noise: noise, listens: true)
            setup.profile.cacheTokens = 12_000
            var pool = EnginePool(setup)
            var digest = Digest()
            pool.run(arrivals.requests(before: Nanoseconds(seconds: 60)), until: Nanoseconds(seconds: 90), every: Nanoseconds(seconds: 5)) {
                block, pool in
                for outcome in block.outcomes { digest.add(outcome) }
                for token in pool.takeTokens() { digest.add(token.time.count) }
                if block.start == Nanoseconds(seconds: 20) { pool.scale(to: 4) }
                if block.start == Nanoseconds(seconds: 45) { pool.scale(to: 2) }
            }
            return digest.value
        }
        let noise = PoolNoise(betweenReplicas: 0.03, withinReplica: 0.05, stragglers: 0.3)
        #expect(digest(noise: noise, seed: 1) == digest(noise: noise, seed: 1))
        #expect(digest(noise: noise, seed: 1) != digest(noise: noise, seed: 2))
        // Without noise it is all whole numbers, so that it is the same on every machine.
        let quiet = digest(noise: PoolNoise(), seed: 1)
        #expect(quiet == 3_715_282_298_964_031_706)
    }
}

/// FNV-1a, 64 bits.
private struct Digest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ outcome: RequestOutcome) {
        for number in [outcome.id, outcome.inputTokens, outcome.outputTokens, outcome.preemptions, outcome.replica] { add(Int64(number)) }
        for time in [outcome.arrival, outcome.scheduled, outcome.firstToken, outcome.lastToken] { add(time.count) }
    }

    mutating func add(_ number: Int64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            value = (value ^ UInt64(UInt8(truncatingIfNeeded: number >> Int64(shift)))) &* 0x100_0000_01B3
        }
    }
}
