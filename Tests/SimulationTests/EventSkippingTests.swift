import Measurements
import Testing

@testable import Simulation

@Suite("Event skipping")
struct EventSkippingTests {
    @Test("leaps end where single iterations do, to the picosecond, in every small world")
    func equalsSteps() {
        var preemptions = 0
        var refusals = 0
        for seed in UInt64(1)...160 {
            let world = RandomWorld(seed: seed)
            var reference = SteppingReference(world)
            reference.run()
            let records = world.run()
            #expect(records.count == reference.jobs.count, "seed \(seed)")
            for (record, job) in zip(records, reference.jobs.sorted(by: { $0.request.id < $1.request.id })) {
                preemptions += job.preemptions
                guard job.finished >= 0 else {
                    refusals += 1
                    #expect(record.ending == .refused, "seed \(seed), request \(record.id)")
                    continue
                }
                // The way out is the same for the first token and the last.
                let wayOut = record.lastToken.count - job.finished / 1_000
                #expect(abs(record.firstToken.count - job.firstToken / 1_000 - wayOut) <= 1, "seed \(seed), request \(record.id)")
                #expect(wayOut >= 6_000_000, "seed \(seed), request \(record.id)")
                #expect(record.preemptions == job.preemptions, "seed \(seed), request \(record.id)")
                #expect(record.outputTokens == job.made, "seed \(seed), request \(record.id)")
            }
        }
        #expect(preemptions > 100)
        #expect(refusals > 10)
    }

    @Test("looking more often changes nothing, with noise or without", arguments: [0, 0.05])
    func looksAreFree(noise: Double) {
        for seed in UInt64(1)...40 {
            let world = RandomWorld(seed: seed, noise: noise)
            #expect(world.run() == world.run(steps: 7), "seed \(seed)")
        }
    }

    @Test("a run of decodes counts its iterations exactly on both sides of a boundary")
    func runBoundaries() {
        for growth in [Int64(0), 1, 42_000, 900_000_000] {
            let run = DecodeRun(first: 17_000_000_003, growth: growth)
            for count in [Int64(1), 2, 3, 100, 9_999] {
                #expect(run.iterations(within: run.duration(of: count), limit: 20_000) == count)
                #expect(run.iterations(within: run.duration(of: count) - 1, limit: 20_000) == count - 1)
                #expect(run.iterations(within: run.duration(of: count), limit: count - 1) == count - 1)
            }
        }
    }
}
