import EngineModels
import Measurements
import Simulation
import Testing

@Suite("A pool of simulated engines")
struct EnginePoolTests {
    private func chat(rate: Double, seconds: Double, seed: UInt64 = 7) -> [SimulatedRequest] {
        var arrivals = Arrivals(
            shape: .constant(rate: rate), inputs: .lognormal(median: 800, deviation: 0.7, min: 16, max: 4_000),
            outputs: .lognormal(median: 180, deviation: 0.6, min: 2, max: 1_000), seed: seed)
        return arrivals.requests(before: Nanoseconds(seconds: seconds))
    }

    private func run(_ setup: PoolSetup, _ requests: [SimulatedRequest]) -> [RequestOutcome] {
        var pool = EnginePool(setup)
        for request in requests { pool.submit(request) }
        pool.advance(to: EnginePool.longestTime)
        return pool.takeOutcomes()
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    @Test("every request ends once, with all of its tokens, however the pool is changed meanwhile", arguments: UInt64(1)...6)
    func conservation(seed: UInt64) {
        var setup = PoolSetup(
            profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: 48), replicas: 2, seed: seed,
            coldStart: ColdStart(median: Nanoseconds(seconds: 5)), noise: PoolNoise(betweenReplicas: 0.03, withinReplica: 0.03),
            routing: seed % 2 == 0 ? .leastRequests : .roundRobin, listens: true)
        setup.profile.cacheTokens = 20_000
        var pool = EnginePool(setup)
        let requests = chat(rate: 12, seconds: 60, seed: seed)
        var records: [RequestOutcome] = []
        var tokens: [TokenEvent] = []
        for (index, request) in requests.enumerated() {
            pool.submit(request)
            switch index {
            case 100: pool.scale(to: 4)
            case 200: pool.scale(to: 1)
            case 300: pool.apply(EngineSettings(maxNumSeqs: 16), rollout: .rollingRestart)
            case 400: pool.apply(EngineSettings(maxNumSeqs: 64), rollout: .live)
            case 450: pool.scale(to: 0)
            case 500: pool.scale(to: 3)
            default: break
            }
            let status = pool.status
            #expect((0...1).contains(status.cacheUsage), "seed \(seed), request \(index)")
            if index % 50 == 0 {
                records += pool.takeOutcomes()
                tokens += pool.takeTokens()
            }
        }
        pool.advance(to: Nanoseconds(seconds: 100_000))
        records += pool.takeOutcomes()
        tokens += pool.takeTokens()
        #expect(records.map(\.id).sorted() == requests.map(\.id))
        #expect(records.allSatisfy { $0.ending == .completed })
        #expect(records.sorted { $0.id < $1.id }.map(\.outputTokens) == requests.map(\.outputTokens))
        #expect(tokens.count == requests.map(\.outputTokens).reduce(0, +))
        #expect(pool.status.generatedTokens == Int64(tokens.count))
        #expect(pool.status.running == 0 && pool.status.waiting == 0 && pool.status.cacheUsage == 0)
        #expect(pool.status.isSettled && pool.status.ready == 3 && pool.status.draining == 0)
        let byRequest = Dictionary(grouping: tokens, by: \.request)
        for record in records {
            let told = (byRequest[record.id] ?? []).sorted { $0.tokenIndex < $1.tokenIndex }
            #expect(told.map(\.tokenIndex) == Array(0..<record.outputTokens))
            #expect(told.first?.time == record.firstToken && told.last?.time == record.lastToken && told.last?.isLast == true)
            #expect(zip(told, told.dropFirst()).allSatisfy { $0.time < $1.time })
        }
    }

    @Test("the same seed gives the same bytes, another seed others")
    func seeds() {
        let noise = PoolNoise(betweenReplicas: 0.03, withinReplica: 0.03)
        let requests = chat(rate: 20, seconds: 60)
        func records(_ seed: UInt64) -> [RequestOutcome] {
            run(PoolSetup(profile: .llama7BOnH100, replicas: 3, seed: seed, noise: noise), requests)
        }
        #expect(records(1) == records(1))
        #expect(records(1) != records(2))
    }

    @Test("tokens that nobody listens to change nothing")
    func listening() {
        let requests = chat(rate: 20, seconds: 30)
        let quiet = PoolSetup(profile: .llama8BOnA100, replicas: 2, noise: PoolNoise(withinReplica: 0.05))
        var told = quiet
        told.listens = true
        #expect(run(quiet, requests) == run(told, requests))
    }

    @Test("requests in the pool are arrivals per second times the time they stay (Little's law)")
    func littlesLaw() {
        let requests = chat(rate: 10, seconds: 600)
        var pool = EnginePool(PoolSetup(profile: .llama7BOnH100, replicas: 1))
        var inside: [Double] = []
        var next = 0
        for tick in 1...6_000 {
            let time = Nanoseconds(milliseconds: Double(tick) * 100)
            while next < requests.count, requests[next].arrival <= time {
                pool.submit(requests[next])
                next += 1
            }
            pool.advance(to: time)
            inside.append(Double(pool.status.running + pool.status.waiting))
        }
        pool.advance(to: EnginePool.longestTime)
        // Without the way out, which is after the engine.
        let stays = pool.takeOutcomes().map { $0.endToEnd.seconds - 0.016 }
        let expected = Double(requests.count) / 600 * mean(stays)
        #expect(abs(mean(inside) / expected - 1) < 0.03, "\(mean(inside)) inside, \(expected) expected")
    }

    @Test("more replicas are not slower in the mean", arguments: [Routing.leastRequests, .roundRobin])
    func moreReplicas(routing: Routing) {
        let requests = chat(rate: 30, seconds: 120)
        let means = (1...5).map { replicas in
            mean(run(PoolSetup(profile: .llama7BOnH100, replicas: replicas, routing: routing), requests).map(\.endToEnd.seconds))
        }
        for (fewer, more) in zip(means, means.dropFirst()) { #expect(more < fewer * 1.005, "\(means)") }
    }

    @Test("few sequences make requests wait, a full cache takes places away")
    func limits() {
        let requests = chat(rate: 10, seconds: 60)
        func firstToken(_ sequences: Int) -> Double {
            let setup = PoolSetup(profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: sequences))
            return mean(run(setup, requests).map(\.timeToFirstToken.seconds))
        }
        #expect(firstToken(4) > 10 * firstToken(64))
        var tight = PoolSetup(profile: .llama7BOnH100)
        tight.profile.cacheTokens = 6_000
        #expect(run(tight, requests).map(\.preemptions).reduce(0, +) > 20)
        #expect(run(PoolSetup(profile: .llama7BOnH100), requests).allSatisfy { $0.preemptions == 0 })
    }

    @Test("a request that can never fit is refused, and the others go on")
    func refusal() {
        let requests = [
            SimulatedRequest(id: 1, arrival: Nanoseconds(0), inputTokens: 107_000, outputTokens: 1),
            SimulatedRequest(id: 2, arrival: Nanoseconds(0), inputTokens: .max, outputTokens: .max),
            SimulatedRequest(id: 3, arrival: Nanoseconds(0), inputTokens: 106_990, outputTokens: 10),
        ]
        let records = run(PoolSetup(profile: .llama7BOnH100), requests)
        #expect(records.sorted { $0.id < $1.id }.map(\.ending) == [.refused, .refused, .completed])
    }

    @Test("a request that is taken back frees its place, whatever state it is in", arguments: [0.001, 0.05, 0.5])
    func cancellation(second: Double) {
        var pool = EnginePool(PoolSetup(profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: 2, maxNumBatchedTokens: 256)))
        for id in 0..<4 { pool.submit(SimulatedRequest(id: id, arrival: Nanoseconds(0), inputTokens: 1_000, outputTokens: 100)) }
        pool.advance(to: Nanoseconds(seconds: second))
        for id in [0, 3, 99] { pool.cancel(id) }
        pool.advance(to: EnginePool.longestTime)
        let records = pool.takeOutcomes().sorted { $0.id < $1.id }
        #expect(records.map(\.ending) == [.cancelled, .completed, .completed, .cancelled])
        #expect(records[0].lastToken.seconds <= second + 1e-9)
        #expect(pool.status.cacheUsage == 0 && pool.status.running == 0)
    }
}
