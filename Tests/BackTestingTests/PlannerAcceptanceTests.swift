import BackTesting
import Baselines
import EngineModels
import Measurements
import Scaling
import Simulation
import Testing

/// Short variants, on drawn loads of an hour or so at few requests a second; ``PlannerCampaignTests`` has the recorded days.
@Suite("What the replica planner promises, in short")
struct PlannerAcceptanceTests {
    private static let lengths = RequestTrace(
        (0..<40).map { index in
            SimulatedRequest(
                id: index, arrival: Nanoseconds(seconds: Double(index)), inputTokens: 200 + (index * 397) % 2_000,
                outputTokens: 60 + (index * 131) % 300)
        })

    private func trial(_ rates: [Double], coldStart: Double = 150, slowness: Double = 1, seed: UInt64 = 5) -> ScalingTrial {
        var conditions = TrialConditions(coldStart: Nanoseconds(seconds: coldStart), lengths: Self.lengths, seed: seed)
        conditions.profile.latency = conditions.profile.latency.slowed(by: slowness)
        return ScalingTrial(RateSeries(stepSeconds: 600, rates: rates), under: conditions)
    }

    private func run(
        _ trial: ScalingTrial, coldStart: Double = 150, look: (ScalingObservation, Int) -> Void = { _, _ in }
    )
        -> (score: ScalingScore, planner: ReplicaPlanner)
    {
        var planner = RecordedTrials.planner(coldStart: coldStart)
        let score = trial.run(&planner, look: look)
        return (score, planner)
    }

    private let waveRates = [16.0, 16, 18, 21, 24, 22, 18, 14]

    @Test("AT-P1, AT-P6: a wave is served for little more than the least, without restlessness")
    func wave() throws {
        let trial = trial(waveRates)
        let score = run(trial).score
        let fluid = trial.fluidReplicaHours()
        #expect(try #require(score.attainment) >= 0.985, "\(score.summary)")
        #expect(score.replicaHours <= 2.1 * fluid, "\(score.summary), fluid \(fluid)")
        #expect(Double(score.changes) / score.hours <= 8, "\(score.summary)")
    }

    @Test("AT-P2: a wave costs no more than under an HPA that serves as many in time")
    func baselines() throws {
        let trial = trial(waveRates)
        let score = run(trial).score
        let tuned = try BaselineFrontier(["hpa:target=30", "hpa:target=36", "hpa:target=42"], in: trial)
        let hours = tuned.replicaHours(attaining: try #require(score.attainment))
        if let hours { #expect(score.replicaHours <= 1.1 * hours, "\(score.summary), \(hours) replica h") }
        #expect(tuned.scores.count == 3)
    }

    @Test("AT-P3: with a cold start of 45 s and of 300 s", arguments: [45.0, 300])
    func coldStarts(seconds: Double) throws {
        let trial = trial(waveRates, coldStart: seconds)
        let score = run(trial, coldStart: seconds).score
        #expect(try #require(score.attainment) >= 0.96, "\(score.summary)")
        #expect(score.replicaHours <= 2.25 * trial.fluidReplicaHours(), "\(score.summary)")
    }

    @Test("AT-P4: through an outage the replicas are held, and never many more than needed")
    func outage() throws {
        let trial = trial([20, 20, 20, 0, 0, 20, 20, 20])
        var during: [Int] = []
        var before = 0
        let score = run(trial) { observation, replicas in
            if observation.time.seconds == 1_785 { before = replicas }
            if observation.time.seconds > 1_900 && observation.time.seconds < 3_000 { during.append(replicas) }
        }.score
        #expect(during.allSatisfy { $0 >= before } && before >= 3, "\(before), \(during.min() ?? 0)")
        #expect(try #require(score.attainment) >= 0.97, "\(score.summary)")
    }

    @Test("AT-P5: an engine that is a quarter slower or faster than its profile is found out", arguments: [1.25, 0.8])
    func wrongProfile(slowness: Double) throws {
        let (score, planner) = run(trial(waveRates, slowness: slowness))
        let right = run(trial(waveRates)).planner
        let ratio = try #require(planner.plan).capacity / (try #require(right.plan)).capacity
        #expect(slowness > 1 ? ratio < 0.97 : ratio > 1.03, "\(ratio)")
        #expect(try #require(score.attainment) >= 0.94, "\(score.summary)")
    }

    @Test("a start without history costs little more than one with it")
    func start() throws {
        let trial = trial(Array(repeating: 20, count: 6))
        let first = run(trial)
        var planner = first.planner
        planner.resume(secondsIntoDay: 0)
        let second = trial.run(&planner)
        #expect(first.score.replicaHours <= 1.35 * second.replicaHours, "\(first.score.summary); then \(second.summary)")
        #expect(try #require(second.attainment) >= 0.975, "\(second.summary)")
    }
}
