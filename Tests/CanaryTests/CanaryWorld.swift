import EngineModels
import Foundation
import Measurements
import Simulation
import Statistics
import Verification

/// Two groups out of a pool of eight replicas under 44 requests a second that waver by a fifth, with 3 % between replicas.
struct CanaryWorld {
    var seed: UInt64
    /// With the change, every iteration takes so many times as long.
    var slowness = 1.0
    /// With the change, the canary's latencies are told as so many times what they were.
    var told = (perToken: 1.0, firstToken: 1.0)
    var requestsPerSecond = 44.0
    var replicas = 8
    var perGroup = 2
    /// Of the control group, where it is not to match.
    var controlReplicas: Int?
    var betweenReplicas = 0.03
    /// Whether the canary's replicas come back on the hardware they were on, and whether anybody tells.
    var keepsHardware = true
    var tellsNodes = true
    /// Whether what comes to each group is told besides what ends.
    var countsArrivals = true
    /// Seconds.
    var preperiod = 600.0
    var timeLimit = 1_800.0

    var plan: VerificationPlan {
        var plan = VerificationPlan(aim: .lower(.timePerOutputToken))
        plan.timeLimit = .seconds(fractional: timeLimit)
        var terms = CanaryTerms()
        terms.preperiod = .seconds(fractional: preperiod)
        plan.canary = terms
        return plan
    }

    struct Run {
        var course: CanaryCourse
        /// All requests of the canary from the first bucket after the change to the verdict.
        var requests = 0
        var isNotComparable: Bool {
            if case .decided(_, by: .notComparable) = course.finding.state { true } else { false }
        }

        /// Seconds from the same to the verdict.
        var seconds: Double { course.finding.observed.inSeconds }
        /// Log times per token of requests after the change, bucket by bucket: what a test of single requests looks at.
        var single: [(canary: [Double], control: [Double])] = []
        /// All buckets after the change.
        var buckets: [CanaryBucket] = []
    }

    /// - Parameter isWhole: Goes on to the time limit after the verdict, for those who do not stop.
    func run(_ plan: VerificationPlan? = nil, isWhole: Bool = false) -> Run {
        let plan = plan ?? self.plan
        let length = plan.canaryTerms.bucketLength
        var canary = group(.canary)
        var control = group(.control)
        var series = CanarySeries(start: Timestamp(nanosecondsSinceEpoch: 0), length: length)
        let nodes = tellsNodes ? (0..<perGroup).map { "node \($0)" } : nil
        var run = Run(course: CanaryCourse(plan: plan, start: series.start, nodes: nodes))
        var time = Nanoseconds(0)
        let end = Nanoseconds(seconds: preperiod + timeLimit + 400)
        while time < end, isWhole || run.course.phase != .ended {
            time = time + Nanoseconds(seconds: length.inSeconds)
            let now = Timestamp(nanosecondsSinceEpoch: time.count)
            func came(_ group: CanaryGroup) -> (SimulatedRequest) -> Void {
                { request in
                    guard countsArrivals else { return }
                    let arrival = Timestamp(nanosecondsSinceEpoch: request.arrival.count)
                    series.recordArrival(group, at: arrival, inputTokens: request.inputTokens)
                }
            }
            let outcomes = (canary.advance(to: time, came: came(.canary)), control.advance(to: time, came: came(.control)))
            let told = run.course.phase == .comparing ? (perToken: 1.0, firstToken: 1.0) : told
            series.record(outcomes.0.map { CanaryRequest(.canary, $0, metObjective: canary.isMet(by: $0), told: told) }, now: now)
            series.record(outcomes.1.map { CanaryRequest(.control, $0, metObjective: control.isMet(by: $0)) }, now: now)
            let isSettled = isWhole && time.seconds > preperiod + 60
            if isSettled { run.single.append((Self.logs(outcomes.0), Self.logs(outcomes.1))) }
            for bucket in series.takeBuckets() {
                run.course.observe(bucket)
                if isSettled { run.buckets.append(bucket) }
                if run.course.phase == .applying {
                    canary.change()
                    run.course.applied(at: now, nodes: nodes.map { $0.map { keepsHardware ? $0 : "other \($0)" } })
                }
            }
        }
        run.requests = run.course.evidence.after.reduce(0) { $0 + $1.canary.requests }
        return run
    }

    private static func logs(_ outcomes: [RequestOutcome]) -> [Double] {
        outcomes.compactMap { $0.outputTokens >= 8 ? $0.timePerOutputToken.map { log($0.seconds) } : nil }
    }

    private func group(_ group: CanaryGroup) -> SimulatedGroup {
        let count = group == .control ? controlReplicas ?? perGroup : perGroup
        var seeds = SplitMix64(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        let (loadSeed, drift) = (seeds.next(), Double(seeds.next() >> 11) * 0x1p-53 * 0.3 - 0.15)
        if group == .control { _ = (seeds.next(), seeds.next(), seeds.next()) }
        let setup = PoolSetup(
            profile: .llama70BOnFourH100, replicas: count, seed: seeds.next(),
            noise: PoolNoise(betweenReplicas: betweenReplicas, withinReplica: 0.04))
        let rate = requestsPerSecond * Double(count) / Double(replicas)
        let seconds = preperiod + timeLimit + 500
        let load = LoadShape.ramp(from: rate * (1 - drift), to: rate * (1 + drift), seconds: seconds)
            .modulated(for: seconds, deviation: 0.2, correlationSeconds: 120, seed: loadSeed)
        let arrivalSeed = seeds.next()
        return SimulatedGroup(
            setup, slowness: group == .canary ? slowness : 1, changedSeed: keepsHardware ? setup.seed : seeds.next(),
            shape: .series(load), seed: arrivalSeed)
    }
}
