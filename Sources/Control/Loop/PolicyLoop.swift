import FoundationEssentials
import Learning
import Measurements
public import Policies
import Verification

/// The loop of one policy: gather, decide, journal, act, settle, observe, keep or roll back; one step at a time and never two at once.
///
/// It holds no clock that runs and starts nothing by itself: each ``tick(_:)`` looks once at the world and does at most one thing to it.
/// Everything that must survive is in the journal before it happens; a loop that is made anew goes on where the last one ended.
public actor PolicyLoop {
    public nonisolated let policy: Policy
    /// The deployment under control, e.g. `llm/Deployment/chat-8b`.
    public nonisolated let target: String
    let ports: LoopPorts
    var windows: MeasurementWindows
    var blocks: LiveBlocks
    var steady = SteadyState()
    var recorder = CycleRecorder()
    var news = RepeatedNews()
    var planning: PlanningState?
    var tuning: TuningState?
    private var targetHealth = TargetHealth()
    var sourceHealth: [String: SourceHealth] = [:]
    private var isTicking = false
    private var newest: Adjustment?
    /// Since when groups that nobody knows of do not go.
    var strayCanarySince: Timestamp?
    /// When, and in which term, the target was last seen to bear no groups of a trial; `nil` where it may bear some that nobody knows of.
    var sawNoCanary: (term: FencingToken, time: Timestamp)?

    public init(policy: Policy, target: String, ports: LoopPorts) {
        self.policy = policy
        self.target = target
        self.ports = ports
        let hold = policy.triggers.map(\.holdFor).max() ?? .zero
        windows = MeasurementWindows(
            paneWidth: policy.monitor.interval, retention: policy.longestWindow + hold, limits: policy.latencyLimits)
        blocks = LiveBlocks(length: VerificationPlan(policy).blockLength)
    }

    /// What one tick did.
    public struct Report: Sendable, Hashable {
        /// `nil` where the loop could not even decide, because the last tick still runs.
        public var decision: Decision?
        public var observation: TargetObservation?
        /// Of the target, as of the end of the tick, finished or not; `nil` where there is none.
        public var adjustment: Adjustment?
        /// The newest one this loop has had, also when it is finished for long; `nil` where it has had none.
        public var newest: Adjustment?
        /// Why nothing new was begun though a change was recommended.
        public var refusal: ActingRefusal?
        /// Whether enough was measured that a change could be judged.
        public var hasBaseline = false
        public var cycle: CycleRecord?
        /// What planning the replicas came to; `nil` where the policy plans none.
        public var plan: ReplicaPlanStep?
        /// Why the tick was cut short, a sentence each.
        public var problems: [String] = []
    }

    /// A setting an operator asks for, whatever the policy would decide.
    public struct ForcedChange: Sendable, Hashable {
        public var knob: String
        public var value: KnobValue

        public init(knob: String, value: KnobValue) {
            self.knob = knob
            self.value = value
        }
    }

    /// What a tick may begin; what is open goes on in any case.
    public enum Intent: Sendable, Hashable {
        /// What the policy decides.
        case decide
        /// Nothing.
        case watch
        /// A change an operator asks for, if the target is free.
        case force(ForcedChange)
    }

    /// Looks at the world once and takes at most one step.
    public func tick(_ intent: Intent = .decide) async -> Report {
        var report = Report()
        guard !isTicking else {
            report.problems.append("the tick before this one still runs")
            return report
        }
        isTicking = true
        defer { isTicking = false }
        let now = ports.clock.steady
        let gathered = await gather(at: now)
        let memory = Result { () throws(JournalFailure) in try remember(at: now) }
        let sight = await look((try? memory.get())?.open?.knob)
        if case .seen(let observation)? = sight { report.observation = observation }
        let plan = planReplicas(gathered.load, report.observation, at: now)
        report.plan = plan
        steady.note(report.observation, at: ports.clock.steady)
        if let fence = report.observation?.fence, let term = ports.leadership.term(), fence > term { ports.leadership.outranked(by: fence) }
        if let complaint = targetHealth.take(sight, at: now, patience: policy.monitor.staleAfter) {
            announce(.targetUnreachable, complaint, adjustment: nil, at: now)
        }
        do {
            let look = Look(now: now, sight: sight, answers: gathered.answers, plan: plan)
            try await decideAndAct(look, try memory.get(), intent, &report)
            news.end(.journalFailed)
        } catch {
            // The journal cannot be read or written: what is not on disk does not happen.
            report.problems.append(error.explanation)
            tell(.journalFailed, "nothing is done without a journal: \(error.explanation)", cause: error.explanation, at: now)
        }
        keepPlanner(at: now)
        note(report.adjustment)
        keepTuner(at: now)
        newest = report.adjustment?.withoutBlocks ?? newest
        report.newest = newest
        return report
    }

    /// What one tick saw.
    struct Look {
        let now: Timestamp
        let sight: AdjustmentView.Sight?
        let answers: [RecordedReading]
        let plan: ReplicaPlanStep?

        var observation: TargetObservation? {
            if case .seen(let observation)? = sight { observation } else { nil }
        }
    }

    private func decideAndAct(
        _ look: Look, _ memory: ControlMemory, _ intent: Intent, _ report: inout Report
    ) async throws(JournalFailure) {
        let decision = decideNow(look, memory, &report)
        if let open = memory.open {
            guard open.policy == policy.name else {
                report.refusal = .targetBusy(policy: open.policy)
                return try note(decision, look, memory, &report)
            }
            report.adjustment = try await carryOn(open, look, memory, demand: demand(decision))
            if intent == .decide, try await planGoesOn(decision, look, memory, &report) { return }
            return try note(decision, look, memory, &report)
        }
        guard try await removeStrayCanary(look) else { return try note(decision, look, memory, &report) }
        switch try found(look) {
        case .nothing: break
        case .leftover(let id): await removeMark(of: id, look)
        case .unknown(let adopted):
            report.adjustment = try await begin(adopted, draw: nil, look, memory, decision, cycle: nil)
            return
        }
        if let kept = try keptToTakeBack() {
            report.adjustment = try await carryOn(kept, look, memory)
            return
        }
        switch intent {
        case .watch: try note(decision, look, memory, &report)
        case .decide: try await act(decision, nil, look, memory, &report)
        case .force(let change): try await act(decision, change, look, memory, &report)
        }
    }

    /// Decides on what is known now, with the policy's past.
    private func decideNow(_ look: Look, _ memory: ControlMemory, _ report: inout Report) -> Decision {
        let state = TargetState(look.observation, policy: policy)
        var snapshot = LiveSnapshot(policy: policy, windows: windows, answers: look.answers)
            .snapshot(at: look.now, state: state, history: memory.history)
        snapshot.plan = look.plan
        snapshot.tuning = tuneKnobs(snapshot, look, memory)
        let decision = decide(snapshot, under: policy)
        report.decision = decision
        report.cycle = CycleRecord(
            id: ports.makeIdentifier(), origin: ports.origin, toolVersion: ports.toolVersion, policy: policy, snapshot: snapshot,
            decision: decision, changes: decision.recommendations.map(ports.plannedChange))
        report.hasBaseline = baselineRefusal(policy, blocks: baseline) == nil
        // A change under way tells of itself, and a target that is too large or too dear does not look bad.
        let looksBad = decision.triggers.contains { $0.outcome.isFiring && $0.type.tellsOfDegradation }
        ports.fleet.report(policy.name, target: target, isDegraded: memory.open == nil && looksBad)
        return decision
    }

    /// What a change that begins now is compared with.
    var baseline: [LatencyBlock] { steady.baseline(of: blocks.blocks, settle: policy.verify.settle) }

    // MARK: The world

    /// - Parameter knob: Of the open adjustment; it is finished with this one, whatever the policy says by now.
    private func look(_ knob: Knob?) async -> AdjustmentView.Sight? {
        guard let adjuster = ports.adjuster else { return nil }
        do throws(AdjusterError) {
            return .seen(try await adjuster.observe(with: knob))
        } catch .gone(let why) {
            return .gone(why)
        } catch {
            return .unseen(error.explanation)
        }
    }

    func announce(_ kind: ControlEvent.Kind, _ message: String, adjustment: UUID? = nil, at now: Timestamp) {
        ports.announcer.announce(ControlEvent(kind, policy: policy.name, adjustment: adjustment, time: now, message: message))
    }

    /// Announces what may be the same at every tick: once for each cause, and again every ten minutes.
    func tell(_ kind: ControlEvent.Kind, _ message: String, cause: String, adjustment: UUID? = nil, at now: Timestamp) {
        guard news.isNews(kind, cause: cause, at: now) else { return }
        announce(kind, message, adjustment: adjustment, at: now)
    }
}

extension TriggerType {
    /// Whether its firing says that users are served badly.
    fileprivate var tellsOfDegradation: Bool {
        switch self {
        case .latencyThreshold, .errorRateThreshold, .slaViolation: true
        case .throughputThreshold, .resourceUtilization, .costEfficiency, .scheduled: false
        }
    }
}

extension TargetState {
    /// What was seen at the target, and the policy's assumptions where the target does not say.
    init(_ observation: TargetObservation?, policy: Policy) {
        var values = observation?.values ?? [:]
        for knob in policy.knobs where values[knob.name] == nil {
            if let assumed = knob.assumed { values[knob.name] = KnobState(assumed, origin: .assumed) }
        }
        self.init(values: values, foreignOwners: observation?.foreignOwners ?? [:])
    }
}
