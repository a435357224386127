import Measurements
import Policies
import Scaling

/// Plans the replicas of one policy, period by period. Pure: it is told what came and what runs, and has no clock.
///
/// What is missing stays missing: then there is no plan, and the last one holds only as long as a reading would.
struct ReplicaPlanning: Sendable {
    let knob: Knob
    private(set) var planner: ReplicaPlanner
    private let patience: Duration
    /// Longer silences are none that could be planned from.
    private let longestPeriod: Duration
    /// Time 0 of the planner.
    private var origin: Timestamp?
    /// Too short to be a period of its own yet.
    private var gathered: ServiceLoad?
    /// Of the last prompts that were told, tokens.
    private var promptLength: Double?
    private var last: (plan: ReplicaPlan, time: Timestamp)?

    static let leastPeriod = Duration.seconds(14)

    /// - Parameter planner: As it was stored; `nil` to begin anew.
    init(_ policy: Policy, _ knob: Knob, settings: PlannerSettings, planner: ReplicaPlanner? = nil) {
        self.knob = knob
        self.planner = planner ?? ReplicaPlanner(settings)
        patience = policy.monitor.staleAfter
        longestPeriod = max(policy.monitor.interval * 4, .seconds(120))
    }

    /// Whether anything was learned that is worth keeping.
    var hasLearned: Bool { last != nil }

    /// Takes in what came since the last tick, and says what follows.
    /// - Parameters:
    ///   - load: `nil` where no source told.
    ///   - target: `nil` where it could not be seen.
    mutating func step(_ load: ServiceLoad?, _ target: TargetObservation?, at now: Timestamp) -> ReplicaPlanStep {
        guard let load else { return standing(at: now) ?? .held(.nothingHeard) }
        let period = gathered.map { $0.followed(by: load) } ?? load
        guard period.length >= Self.leastPeriod else {
            gathered = period.length > .zero ? period : nil
            return standing(at: now) ?? .held(.gathering)
        }
        gathered = nil
        guard period.length <= longestPeriod else {
            begin(at: period.end)
            return .held(.silence(seconds: period.length.inSeconds))
        }
        if origin == nil { begin(at: period.start) }
        promptLength = period.promptLength ?? promptLength
        switch observation(of: period, target) {
        case .failure(let refusal): return standing(at: now) ?? .held(refusal.hold)
        case .success(let observation):
            let plan = planner.plan(after: observation)
            last = (plan, now)
            return .planned(plan)
        }
    }

    /// The last plan, while it is no older than a reading may be.
    private func standing(at now: Timestamp) -> ReplicaPlanStep? {
        last.flatMap { $0.time <= now && now.since($0.time).duration <= patience ? .planned($0.plan) : nil }
    }

    /// What was learned stays, levels follow anew.
    private mutating func begin(at time: Timestamp) {
        origin = time
        last = nil
        let day: Int64 = 86_400_000_000_000
        planner.resume(secondsIntoDay: Nanoseconds(((time.nanosecondsSinceEpoch % day) + day) % day).seconds)
    }

    private func observation(of load: ServiceLoad, _ target: TargetObservation?) -> Result<ScalingObservation, PlanRefusal> {
        let missing = load.missing
        guard missing.isEmpty, let arrivals = load.arrivals, var finished = load.finished, let missed = load.missed, let origin,
            let waiting = load.waiting
        else { return .failure(PlanRefusal(hold: .missing(missing))) }
        // Engines tell how long a prompt was when its answer is done: until then it is taken to be like the last ones.
        guard promptLength != nil || arrivals == 0 else { return .failure(PlanRefusal(hold: .missing([.promptLengths]))) }
        let inputTokens = min(Double(arrivals) * (promptLength ?? 0), Self.mostTokens)
        guard let target, let wanted = target.values[knob.name]?.value.wholeNumber, wanted >= 0,
            let ready = target.readyReplicas ?? (target.rollout == .settled ? wanted : nil), (0...Self.mostReplicas).contains(ready)
        else { return .failure(PlanRefusal(hold: .targetUnknown)) }
        finished.missed = min(max(0, missed), finished.count)
        return .success(
            ScalingObservation(
                time: load.end.since(origin), length: load.end.since(load.start), arrivals: arrivals,
                arrivedInputTokens: Int(inputTokens.rounded()), finished: finished, wanted: wanted, starting: max(0, wanted - ready),
                waitingAtGateway: ready == 0 ? waiting : 0,
                replicas: Self.shared(running: load.running ?? 0, waiting: waiting, among: ready)))
    }

    // Bounds on what a peer may say.
    private static let mostReplicas = 10_000
    private static let mostTokens = 1e15

    /// Nobody tells which replica they are at: they are taken to be shared evenly.
    private static func shared(running: Int, waiting: Int, among ready: Int) -> [ScalingObservation.ReplicaLoad] {
        (0..<ready).map { index in
            func part(_ count: Int) -> Int { count / ready + (index < count % ready ? 1 : 0) }
            return ScalingObservation.ReplicaLoad(
                running: part(running), waiting: part(waiting), waitingTokens: 0, cachedTokens: 0, cacheCapacity: 0, number: index)
        }
    }
}
