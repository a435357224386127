public import Control
public import EngineModels
public import FoundationEssentials
import Learning
public import Policies

/// Changes the settings of an embedded engine.
///
/// Its mark and the newest term are the engine's own: they outlive the adjuster, as annotations of a workload outlive the controller.
public struct SimulatorAdjuster: Adjuster {
    private let engine: EmbeddedEngine
    private let knobs: [Knob]
    private let rollout: SettingsRollout

    /// - Parameters:
    ///   - knobs: Of the policy. Those with roles an engine has not are seen as the policy assumes them, and cannot be changed.
    ///   - rollout: How new settings come to the replicas.
    public init(engine: EmbeddedEngine, knobs: [Knob], rollout: SettingsRollout = .rollingRestart) {
        self.engine = engine
        self.knobs = knobs
        self.rollout = rollout
    }

    public func observe(with knob: Knob?) async throws(AdjusterError) -> TargetObservation {
        engine.withState { state in
            var observation = TargetObservation(identity: state.identity)
            for knob in knobs.with(knob) {
                if let value = state.pool.value(of: knob) {
                    observation.values[knob.name] = KnobState(value, origin: .live)
                } else if let assumed = knob.assumed {
                    observation.values[knob.name] = KnobState(assumed, origin: .assumed)
                }
            }
            observation.mark = state.mark
            observation.markCameWithValue = true
            observation.rollout = state.pool.status.rollout
            observation.readyReplicas = state.pool.status.ready
            return observation
        }
    }

    public func rehearse(_ order: ChangeOrder) async throws(AdjusterError) {
        try engine.withState { (state) throws(AdjusterError) in
            try state.check(order)
            _ = try state.change(for: order)
        }
    }

    public func apply(_ order: ChangeOrder) async throws(AdjusterError) {
        try engine.withState { (state) throws(AdjusterError) in
            try state.checkStanding(order.fence, order.identity)
            // One that was taken back bears no mark any more.
            let isOurs = state.mark?.adjustment == order.adjustment || (order.direction == .back && state.mark == nil)
            let isDone = isOurs && state.pool.value(of: order.knob)?.isSame(as: order.to) == true
            if !isDone {
                try state.check(order)
                switch try state.change(for: order) {
                case .replicas(let count): state.pool.scale(to: count)
                case .settings(let settings): state.pool.apply(settings, rollout: rollout)
                }
            }
            state.fence = max(state.fence, order.fence)
            switch order.direction {
            case .forward:
                state.mark = AdjustmentMark(
                    adjustment: order.adjustment, policy: order.policy, knob: order.knob.name, from: order.from, to: order.to)
            case .back where state.mark?.adjustment == order.adjustment: state.mark = nil
            case .back: break
            }
        }
    }

    public func unmark(_ adjustment: UUID, fence: FencingToken) async throws(AdjusterError) {
        try engine.withState { (state) throws(AdjusterError) in
            try state.checkStanding(fence, nil)
            state.fence = max(state.fence, fence)
            if state.mark?.adjustment == adjustment { state.mark = nil }
        }
    }
}

extension EmbeddedState {
    enum Change {
        case replicas(Int)
        case settings(EngineSettings)
    }

    /// Whether this term may write, and to this target.
    func checkStanding(_ term: FencingToken, _ identity: String?) throws(AdjusterError) {
        if term.rawValue != 0, term < fence {
            throw .fenced("term \(fence.rawValue) has written to the simulator, and this is term \(term.rawValue)")
        }
        if let identity, identity != self.identity { throw .gone("the simulator is \(self.identity), and the change is for \(identity)") }
    }

    func check(_ order: ChangeOrder) throws(AdjusterError) {
        try checkStanding(order.fence, order.identity)
        guard let found = pool.value(of: order.knob) else {
            throw .refused("a simulated engine has no setting for \(order.knob.name), whose role is \(order.knob.role.rawValue)")
        }
        guard found.isSame(as: order.from) else {
            throw .changedByAnother(
                found: found, "\(order.knob.name) of the simulator is \(found), and the change starts from \(order.from)")
        }
    }

    func change(for order: ChangeOrder) throws(AdjusterError) -> Change {
        func refuse() -> AdjusterError { .refused("\(order.to) is no value for \(order.knob.name) of a simulated engine") }
        if order.knob.role == .replicas {
            guard let count = order.to.wholeNumber, (0...PoolSetup.maximumReplicas).contains(count) else { throw refuse() }
            return .replicas(count)
        }
        guard let settings = pool.settings.with(order.to, for: order.knob.role) else { throw refuse() }
        if let problem = settings.problem(with: pool.profile) { throw .refused(problem) }
        return .settings(settings)
    }
}

extension EnginePool {
    /// What is in force for a knob, by its role; `nil` where an engine has no such setting.
    fileprivate func value(of knob: Knob) -> KnobValue? {
        switch knob.role {
        case .replicas: .integer(replicas)
        case .concurrency: .integer(settings.maxNumSeqs)
        case .batchTokens: .integer(settings.maxNumBatchedTokens)
        case .memoryShare: .number(settings.gpuMemoryUtilization)
        case .tensorParallel: .integer(settings.tensorParallel ?? profile.devices)
        case .quantization: .text(settings.quantization.name)
        case .batchSize, .caching, .other: nil
        }
    }
}

extension EngineSettings {
    /// The same with one setting changed; `nil` where the value is of the wrong kind.
    public func with(_ value: KnobValue, for role: Knob.Role) -> EngineSettings? {
        var settings = self
        switch role {
        case .concurrency:
            guard let count = value.wholeNumber else { return nil }
            settings.maxNumSeqs = count
        case .batchTokens:
            guard let count = value.wholeNumber else { return nil }
            settings.maxNumBatchedTokens = count
        case .memoryShare:
            guard let share = value.numeric else { return nil }
            settings.gpuMemoryUtilization = share
        case .tensorParallel:
            guard let count = value.wholeNumber else { return nil }
            settings.tensorParallel = count
        case .quantization:
            guard let preset = Quantization.named(value.description) else { return nil }
            settings.quantization = preset
        case .replicas, .batchSize, .caching, .other: return nil
        }
        return settings
    }
}

extension PoolStatus {
    var rollout: TargetObservation.Rollout {
        guard isSettled else {
            return .progressing("\(ready - outdated) of \(wanted) replicas are ready with the settings in force, \(starting) are starting")
        }
        return overLimit > 0 ? .progressing("\(overLimit) requests above maxNumSeqs are still running") : .settled
    }
}
