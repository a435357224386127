import BackTesting
import EngineModels
import Measurements
import Scaling
import Simulation
import Statistics
import Synchronization
import Testing

@Suite("A back-test")
struct BackTestTests {
    @Sendable private static func trial(_ seed: UInt64) -> ScalingTrial {
        let load = TrialLoad(
            source: .shape(.step(before: 1, after: 20, atSecond: 240), .poisson, nil),
            lengths: .drawn(inputs: .constant(400), outputs: .constant(80)), end: Nanoseconds(seconds: 540))
        return ScalingTrial(
            setup: PoolSetup(
                profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: 8), replicas: 1, seed: seed,
                coldStart: ColdStart(median: Nanoseconds(seconds: 30)), noise: PoolNoise(betweenReplicas: 0.02)),
            requests: load.requests(seed: seed), end: Nanoseconds(seconds: 600), warmUp: Nanoseconds(seconds: 60), replicaRange: 1...6)
    }

    @Test("gives every contestant the same arrivals, tells figures that are not known from 0, and comes out the same again")
    func rows() async throws {
        let test = BackTest(
            contestants: [.scaler(name: "one") { _ in FixedFleet(1) }, .scaler(name: "three") { _ in FixedFleet(3) }], seeds: [5, 6, 7],
            trial: Self.trial)
        let rows = try await test.run()
        #expect(try await test.run() == rows)
        let (one, three) = (rows[0], rows[1])
        #expect(one.figures.count == 3 && three.figures.count == 3)
        #expect(try #require(one.estimate(.harmMinutes)).mean == 0, "it is the fleet of the beginning")
        #expect(try #require(one.estimate(.missedMinutes)).mean > 2)
        #expect(try #require(one.estimate(.timeToRecover)).mean > 60)
        #expect(one.estimate(.verdictErrors) == nil && one.estimate(.clairvoyantRatio) == nil)
        let better = try #require(three.difference(.attainment, to: one))
        #expect(try #require(better.interval).lower > 0.2)
        // Seeds share what makes them hard: the difference is surer than either figure.
        let cost = try #require(three.difference(.gpuHours, to: one)?.interval)
        #expect(cost.lower > 0.2 && cost.halfWidth < 0.05)
        #expect(abs(try #require(three.estimate(.podStartsPerHour)).mean - 12) < 1e-9)
    }

    @Test("who knows the future is what costs are held against")
    func clairvoyant() async throws {
        let test = BackTest(
            contestants: [.scaler(name: "two") { _ in FixedFleet(2) }], seeds: [5],
            clairvoyant: { trial in
                var fleet = FixedFleet(1)
                return trial.run(&fleet)
            }, trial: Self.trial)
        let rows = try await test.run()
        #expect(rows.map(\.name) == ["two", BackTest.clairvoyantName])
        let ratio = try #require(rows[0].estimate(.clairvoyantRatio)).mean
        #expect(ratio > 1.8 && ratio < 2)
        #expect(rows[1].estimate(.clairvoyantRatio)?.mean == 1 && rows[1].estimate(.missedMinutes) == nil)
    }

    @Test("ends within a simulated period of being cancelled, in whatever it is doing, and gives no figures")
    func cancelled() async throws {
        for contestant in [Contestant.scaler(name: "one") { _ in FixedFleet(1) }, Self.smallest] {
            for patience in [0, 5, 60] {
                let asked = Mutex(0)
                let test = BackTest(contestants: [contestant], seeds: [5], clairvoyant: { $0.clairvoyant()?.score }) { seed in
                    var trial = Self.trial(seed)
                    trial.isCancelled = {
                        asked.withLock { asked in
                            asked += 1
                            return asked > patience
                        }
                    }
                    return trial
                }
                await #expect(throws: CancellationError.self) { try await test.run() }
                #expect(asked.withLock { $0 } < patience + 60)
            }
        }
    }

    private static let smallest = Contestant(name: "smallest") { trial in
        var fleet = FixedFleet(trial.smallestFleet(for: 0.99, over: Nanoseconds(seconds: 300)))
        return trial.score(&fleet)
    }

    @Test("can be ended between two trials")
    func interrupted() async {
        struct Stop: Error {}
        let test = BackTest(contestants: [.scaler(name: "one") { _ in FixedFleet(1) }], seeds: [1, 2], trial: Self.trial)
        var steps: [Double] = []
        await #expect(throws: Stop.self) {
            try await test.run { _, share in
                steps.append(share)
                if steps.count == 3 { throw Stop() }
            }
        }
        #expect(steps == [0, 0.25, 0.5])
    }

    @Test("the smallest fleet that keeps the objective is found")
    func smallest() {
        let trial = Self.trial(5)
        let count = trial.smallestFleet(for: 0.99, over: trial.end)
        #expect(count > 1 && count < 6)
        func attainment(_ count: Int) -> Double {
            var trial = trial
            trial.setup.replicas = count
            trial.warmUp = Nanoseconds(0)
            var fleet = FixedFleet(count)
            return trial.run(&fleet).attainment ?? 0
        }
        #expect(attainment(count) >= 0.99 && attainment(count - 1) < 0.99)
        #expect(trial.smallestFleet(for: 0.99, over: Nanoseconds(seconds: 200)) == 1)
    }
}

@Suite("The load of a trial")
struct TrialLoadTests {
    private let lengths = TrialLoad.Lengths.drawn(inputs: .constant(100), outputs: .constant(10))

    private func load(_ source: TrialLoad.Source, scale: Double = 1, minutes: Double = 20) -> TrialLoad {
        TrialLoad(source: source, lengths: lengths, scale: scale, end: Nanoseconds(seconds: minutes * 60))
    }

    private var record: RequestTrace {
        RequestTrace(
            (0..<1_200).map { SimulatedRequest(id: $0, arrival: Nanoseconds(seconds: Double($0)), inputTokens: 50, outputTokens: 5) },
            span: Nanoseconds(seconds: 1_200))
    }

    @Test("a record is itself for every seed, and scaled it is copies and parts of itself", arguments: [0.3, 1, 2.5])
    func recorded(scale: Double) {
        let load = load(.recorded(record, clockTick: Nanoseconds(0)), scale: scale)
        let requests = load.requests(seed: 1)
        #expect(abs(Double(requests.count) - 1_200 * scale) < 4 * (1_200 * scale).squareRoot())
        #expect(requests.map(\.arrival) == requests.map(\.arrival).sorted())
        #expect(Set(requests.map(\.id)).count == requests.count)
        #expect(requests == load.requests(seed: 1))
        #expect((requests == load.requests(seed: 2)) == (scale == 1))
        #expect(requests.allSatisfy { $0.inputTokens == 50 && $0.arrival < load.end })
        #expect(load.expectedRequests == 1_200 * scale)
    }

    @Test("of a record only what comes before the end is scaled: as many requests as are expected, and no more are made")
    func cut() {
        // One a second in the first minute, and a crowd afterwards.
        let crowd = (0..<50_000).map { index in
            let second = index < 60 ? Double(index) : 60 + Double(index) / 50
            return SimulatedRequest(id: index, arrival: Nanoseconds(seconds: second), inputTokens: 50, outputTokens: 5)
        }
        let load = load(.recorded(RequestTrace(crowd), clockTick: Nanoseconds(0)), scale: 20, minutes: 1)
        #expect(load.expectedRequests == 1_200)
        #expect(load.requests(seed: 1).count == 1_200)
    }

    @Test("making requests ends soon after it is cancelled")
    func cancelled() {
        let asked = Mutex(0)
        var load = load(.shape(.constant(rate: 100), .poisson, nil), minutes: 60)
        load.isCancelled = {
            asked.withLock { asked in
                asked += 1
                return asked > 2
            }
        }
        #expect(load.requests(seed: 1).count == 2 * 4_096)
    }

    @Test("a coarse clock is spread, and nothing comes after the end")
    func jittered() {
        let requests = load(.recorded(record, clockTick: Nanoseconds(seconds: 3)), minutes: 10).requests(seed: 3)
        #expect(requests.count > 580 && requests.count <= 600)
        #expect(Set(requests.map { $0.arrival.count % 1_000_000_000 }).count > 500)
    }

    @Test("rates, clients and shapes bring about as many requests as they say, other ones for every seed")
    func drawn() throws {
        let clients = try ClientTraffic(
            csv: Array("client,t_s,rate_rps,cv,family,arg1\na,0,2,2,Gamma,0.5\na,600,2,2,Gamma,0.5\nb,0,1,1,Exponential,1\n".utf8))
        for source in [
            .rates(RateSeries(stepSeconds: 600, rates: [1, 3])), .clients(clients),
            .shape(.ramp(from: 1, to: 3, seconds: 1_200), .poisson, nil),
            .shape(.constant(rate: 2), .gamma(variation: 2), LengthDrift(factor: 3, fromSecond: 0, toSecond: 1_200)),
        ] as [TrialLoad.Source] {
            let load = load(source, scale: 1.5)
            let requests = load.requests(seed: 4)
            #expect(abs(Double(requests.count) - load.expectedRequests) < 0.2 * load.expectedRequests, "\(source)")
            #expect(requests == load.requests(seed: 4) && requests != load.requests(seed: 5))
        }
        let drifting = load(.shape(.constant(rate: 2), .poisson, LengthDrift(factor: 3, fromSecond: 0, toSecond: 1_200))).requests(seed: 1)
        #expect(try #require(drifting.last).outputTokens > 25 && drifting[0].outputTokens == 10)
    }
}

@Suite("The minutes of a trial")
struct MinuteCourseTests {
    @Test("harm is what the untouched fleet would not have missed; recovery is the mean length of a stretch")
    func harm() async throws {
        // Four minutes on a fleet that is too small from the second minute on, and one that is not.
        func course(replicas: Int) -> TrialScore {
            var arrivals = Arrivals(
                shape: .step(before: 0.5, after: 20, atSecond: 60), inputs: .constant(400), outputs: .constant(80), seed: 2)
            var trial = ScalingTrial(
                setup: PoolSetup(profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: 4), replicas: replicas),
                requests: arrivals.requests(before: Nanoseconds(seconds: 240)), end: Nanoseconds(seconds: 300), warmUp: Nanoseconds(0),
                replicaRange: 1...16)
            trial.objective.firstTokenBase = Nanoseconds(seconds: 1)
            var fleet = FixedFleet(replicas)
            return trial.score(&fleet)
        }
        let (small, large) = (course(replicas: 1), course(replicas: 16))
        #expect(small.minutes.missedMinutes(target: 0.99) == 3 && large.minutes.missedMinutes(target: 0.99) == 0)
        #expect(small.minutes.harmMinutes(target: 0.99, untouched: large.minutes) == 3)
        #expect(small.minutes.harmMinutes(target: 0.99, untouched: small.minutes) == 0)
        #expect(small.minutes.meanRecoveryMinutes(target: 0.99) == 3 && large.minutes.meanRecoveryMinutes(target: 0.99) == nil)
        #expect(small.unanswered > 0 && large.unanswered == 0)
    }
}
