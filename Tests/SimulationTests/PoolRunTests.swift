import EngineModels
import Measurements
import Simulation
import Testing

@Suite("A pool under a controller")
struct PoolRunTests {
    private func chat(rate: Double, seconds: Double, seed: UInt64 = 7) -> [SimulatedRequest] {
        var arrivals = Arrivals(
            shape: .constant(rate: rate), inputs: .lognormal(median: 800, deviation: 0.7, min: 16, max: 4_000),
            outputs: .lognormal(median: 180, deviation: 0.6, min: 2, max: 1_000), seed: seed)
        return arrivals.requests(before: Nanoseconds(seconds: seconds))
    }

    @Test("is looked at every step, and the blocks add up to what happened")
    func blocks() {
        let requests = chat(rate: 8, seconds: 120)
        var pool = EnginePool(PoolSetup(profile: .llama7BOnH100, replicas: 2))
        var blocks: [PoolBlock] = []
        pool.run(requests, until: Nanoseconds(seconds: 107), every: Nanoseconds(seconds: 15)) { block, _ in blocks.append(block) }
        #expect(blocks.map(\.start.seconds) == stride(from: 0, to: 107, by: 15).map(Double.init))
        #expect(blocks.map(\.end.seconds) == [15, 30, 45, 60, 75, 90, 105, 107])
        let came = requests.filter { $0.arrival.seconds < 107 }
        #expect(blocks.map(\.arrivals).reduce(0, +) == came.count)
        #expect(blocks.map(\.arrivedInputTokens).reduce(0, +) == came.map(\.inputTokens).reduce(0, +))
        for block in blocks { #expect(block.outcomes.allSatisfy { $0.lastToken > block.start && $0.lastToken <= block.end }) }
        let ended = blocks.map(\.outcomes.count).reduce(0, +)
        #expect(ended > 600 && ended < came.count && pool.status.running > 0)
        #expect(blocks.map(\.generatedTokens).reduce(0, +) == pool.status.generatedTokens)
        #expect(abs(blocks.map(\.replicaSeconds).reduce(0, +) - 214) < 1e-6)
        #expect(blocks.allSatisfy { $0.utilization > 0.5 && $0.utilization <= 1.001 })
        // What was left comes later, once.
        pool.advance(to: Nanoseconds(seconds: 300))
        #expect(pool.takeOutcomes().count == came.count - ended)
    }

    @Test("follows its controller: as many replicas as the rate needs, after their cold start")
    func control() {
        var arrivals = Arrivals(
            shape: .step(before: 4, after: 16, atSecond: 120), inputs: .constant(700), outputs: .constant(200), seed: 3)
        var pool = EnginePool(
            PoolSetup(
                profile: .llama7BOnH100, replicas: 1, coldStart: ColdStart(median: Nanoseconds(seconds: 30), deviation: 0)))
        var ready: [Int] = []
        pool.run(arrivals.requests(before: Nanoseconds(seconds: 300)), until: Nanoseconds(seconds: 300), every: Nanoseconds(seconds: 15)) {
            block, pool in
            ready.append(block.status.ready)
            pool.scale(to: min(4, max(1, Int((block.arrivalRate / 5).rounded(.up)))))
        }
        #expect(ready[0...7].allSatisfy { $0 <= 2 } && ready[11...].allSatisfy { $0 >= 3 }, "\(ready)")
    }

    @Test("a controller's error ends the run where it was")
    func failure() {
        struct Stop: Error, Equatable { let at: Double }
        var pool = EnginePool(PoolSetup(profile: .llama7BOnH100))
        #expect(throws: Stop(at: 30)) {
            try pool.run(chat(rate: 2, seconds: 60), until: Nanoseconds(seconds: 60), every: Nanoseconds(seconds: 10)) {
                (block, _) throws(Stop) in
                if block.end.seconds >= 30 { throw Stop(at: block.end.seconds) }
            }
        }
        #expect(pool.time == Nanoseconds(seconds: 30))
    }

    @Test("an objective counts the prompt's own length, and what was not answered as missed")
    func objective() {
        let (profile, settings) = (EngineProfile.llama70BOnFourH100, EngineSettings())
        let objective = ServiceObjective()
        let short = objective.firstTokenLimit(inputTokens: 100, on: profile, settings)
        let long = objective.firstTokenLimit(inputTokens: 80_000, on: profile, settings)
        #expect(short.seconds > 2.05 && short.seconds < 2.1 && long.seconds > 15)
        #expect(objective.firstTokenLimit(inputTokens: 80_000, cachedTokens: 79_000, on: profile, settings).seconds < 2.5)
        var pool = EnginePool(PoolSetup(profile: profile))
        pool.submit(SimulatedRequest(id: 0, arrival: Nanoseconds(0), inputTokens: 80_000, outputTokens: 1))
        pool.submit(SimulatedRequest(id: 1, arrival: Nanoseconds(0), inputTokens: 100, outputTokens: 100))
        pool.submit(SimulatedRequest(id: 2, arrival: Nanoseconds(0), inputTokens: 100, outputTokens: 1))
        pool.advance(to: Nanoseconds(milliseconds: 1))
        pool.cancel(2)
        pool.advance(to: Nanoseconds(seconds: 100))
        let met = pool.takeOutcomes().sorted { $0.id < $1.id }.map { objective.isMet(by: $0, on: profile, settings) }
        // The second waits for the prompt of the first.
        #expect(met == [true, false, false])
    }

    @Test("an outcome is a measurement for what reads measurements")
    func measurement() throws {
        var pool = EnginePool(PoolSetup(profile: .llama7BOnH100))
        pool.submit(SimulatedRequest(id: 5, arrival: Nanoseconds(seconds: 2), inputTokens: 300, outputTokens: 30))
        pool.advance(to: Nanoseconds(seconds: 20))
        let outcome = try #require(pool.takeOutcomes().first)
        let epoch = Timestamp(nanosecondsSinceEpoch: 1_000_000_000_000)
        let measurement = InferenceMeasurement(outcome, model: "m", epoch: epoch, seed: 9)
        #expect(measurement == InferenceMeasurement(outcome, model: "m", epoch: epoch, seed: 9) && measurement.succeeded)
        #expect(measurement.time == Timestamp(nanosecondsSinceEpoch: 1_002_000_000_000))
        #expect(measurement.timeToFirstToken == outcome.timeToFirstToken && measurement.endToEnd == outcome.endToEnd)
        #expect(measurement.inputTokens == 300 && measurement.outputTokens == 30)
        #expect(measurement.id != InferenceMeasurement(outcome, model: "m", epoch: epoch, seed: 8).id)
    }
}
