public import Control
public import FoundationEssentials
import Learning
import Measurements
import Policies

/// Changes the knobs of an embedded engine: `maxNumSeqs`, `maxNumBatchedTokens`, `replicas`.
public struct SimulatorAdjuster: Adjuster {
    private let engine: EmbeddedEngine

    public init(engine: EmbeddedEngine) { self.engine = engine }

    public func observe() async throws(AdjusterError) -> TargetObservation {
        engine.withState { state, now in
            let settings = state.pool.settings
            var observation = TargetObservation(rollout: Self.rollout(of: state.pool, at: now))
            for knob in SimulatedKnob.allCases {
                observation.values[knob.rawValue] = KnobState(.integer(settings[keyPath: knob.path]), origin: .live)
            }
            observation.mark = state.mark
            return observation
        }
    }

    public func rehearse(_ order: ChangeOrder) async throws(AdjusterError) {
        try engine.withState { state, _ in Result { () throws(AdjusterError) in _ = try Self.check(order, state) } }.get()
    }

    public func apply(_ order: ChangeOrder) async throws(AdjusterError) {
        try engine.withState { state, now in
            Result { () throws(AdjusterError) in
                guard let settings = try Self.check(order, state) else { return }
                state.pool.set(settings, at: now)
                state.fence = max(state.fence, order.fence.rawValue)
                state.mark = order.direction == .forward ? AdjustmentMark(order) : nil
            }
        }.get()
    }

    public func unmark(_ adjustment: UUID, fence: FencingToken) async throws(AdjusterError) {
        try engine.withState { state, _ in
            Result { () throws(AdjusterError) in
                try Self.check(fence, state)
                state.fence = max(state.fence, fence.rawValue)
                if state.mark?.adjustment == adjustment { state.mark = nil }
            }
        }.get()
    }

    // MARK: What may be done

    /// The settings an order leads to; `nil` where it has been carried out already.
    private static func check(_ order: ChangeOrder, _ state: EmbeddedEngine.State) throws(AdjusterError) -> EngineSettings? {
        if order.identity != nil { throw .gone("the simulated engine has no identity, so it is not the one the change was decided for") }
        try check(order.fence, state)
        guard let knob = SimulatedKnob(rawValue: order.knob.name) else {
            let known = SimulatedKnob.allCases.map(\.rawValue).joined(separator: ", ")
            throw .refused("the simulated engine has no knob '\(order.knob.name)'; it has \(known)")
        }
        let found = KnobValue.integer(state.pool.settings[keyPath: knob.path])
        if found.isSame(as: order.to), order.direction == .back || state.mark?.adjustment == order.adjustment { return nil }
        guard found.isSame(as: order.from) else {
            throw .changedByAnother(found: found, "\(knob.rawValue) is \(found), and the change starts from \(order.from)")
        }
        guard let value = order.to.wholeNumber, knob.range.contains(value) else {
            throw .refused("\(knob.rawValue) takes \(knob.range.lowerBound) to \(knob.range.upperBound), not \(order.to)")
        }
        var settings = state.pool.settings
        settings[keyPath: knob.path] = value
        return settings
    }

    private static func check(_ fence: FencingToken, _ state: EmbeddedEngine.State) throws(AdjusterError) {
        guard fence != .unfenced, fence.rawValue < state.fence else { return }
        throw .fenced("a controller of term \(state.fence) has written, and this one's term is \(fence.rawValue)")
    }

    private static func rollout(of pool: EnginePool, at now: Nanoseconds) -> TargetObservation.Rollout {
        let occupancy = pool.occupancy(at: now)
        if occupancy.starting > 0 { return .progressing("\(occupancy.ready) of \(pool.settings.replicas) replicas are ready") }
        if pool.overLimit > 0 { return .progressing("\(pool.overLimit) requests above maxNumSeqs are still running") }
        return .settled
    }
}

/// The knobs of ``EngineSettings`` by name.
private enum SimulatedKnob: String, CaseIterable {
    case maxNumSeqs, maxNumBatchedTokens, replicas

    var path: WritableKeyPath<EngineSettings, Int> {
        switch self {
        case .maxNumSeqs: \.maxNumSeqs
        case .maxNumBatchedTokens: \.maxNumBatchedTokens
        case .replicas: \.replicas
        }
    }

    var range: ClosedRange<Int> {
        switch self {
        case .maxNumSeqs: EngineSettings.sequenceRange
        case .maxNumBatchedTokens: EngineSettings.batchedTokenRange
        case .replicas: EngineSettings.replicaRange
        }
    }
}

extension AdjustmentMark {
    fileprivate init(_ order: ChangeOrder) {
        self.init(adjustment: order.adjustment, policy: order.policy, knob: order.knob.name, from: order.from, to: order.to)
    }
}
