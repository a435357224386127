public import Control
import EngineModels
public import FoundationEssentials
import Policies

/// Carries out canaries on an embedded engine: replicas are drawn for both groups where they are, and none is made anew for that.
public struct SimulatorCanary: CanaryTarget {
    private let engine: EmbeddedEngine

    public init(engine: EmbeddedEngine) { self.engine = engine }

    /// The name of a replica in a status.
    public static func name(ofReplica number: Int) -> String { "replica-\(number)" }

    public func rehearse(_ order: CanaryOrder) async throws(AdjusterError) {
        try engine.withState { (state) throws(AdjusterError) in _ = try state.canarySettings(order) }
    }

    public func prepare(_ order: CanaryOrder) async throws(AdjusterError) {
        try engine.withState { (state) throws(AdjusterError) in
            try state.checkStanding(order.change.fence, order.change.identity)
            guard state.canary == nil else { return try state.checkOwner(order) }
            _ = try state.canarySettings(order)
            guard state.pool.beginTrial(perGroup: order.podsPerGroup) else {
                throw .refused("the simulator has fewer than \(2 * order.podsPerGroup) ready replicas with the settings in force")
            }
            let change = order.change
            state.fence = max(state.fence, change.fence)
            state.canary = CanaryMark(
                experiment: change.adjustment, policy: change.policy, knob: change.knob.name, from: change.from, to: change.to,
                podsPerGroup: order.podsPerGroup, replicas: state.pool.replicas)
        }
    }

    public func apply(_ order: CanaryOrder) async throws(AdjusterError) {
        try advance(order, to: .applied, from: [.prepared]) { state, settings in state.pool.changeCanary(to: settings) }
    }

    public func promote(_ order: CanaryOrder) async throws(AdjusterError) {
        let change = order.change
        try advance(order, to: .promoted, from: [.applied]) { state, settings in
            state.pool.apply(settings, rollout: .rollingRestart)
            state.canary?.keepsChange = true
            state.mark = AdjustmentMark(
                adjustment: change.adjustment, policy: change.policy, knob: change.knob.name, from: change.from, to: change.to)
        }
    }

    /// Goes on to a stage; one that is reached, or passed, is left alone.
    private func advance(
        _ order: CanaryOrder, to stage: CanaryStage, from earlier: Set<CanaryStage>,
        _ change: (inout EmbeddedState, EngineSettings) -> Void
    ) throws(AdjusterError) {
        try engine.withState { (state) throws(AdjusterError) in
            try state.checkStanding(order.change.fence, order.change.identity)
            try state.checkOwner(order)
            guard let found = state.canary?.stage, earlier.contains(found) else { return }
            let settings = try state.canarySettings(order)
            state.fence = max(state.fence, order.change.fence)
            state.canary?.stage = stage
            change(&state, settings)
        }
    }

    public func remove(_ experiment: UUID?, of change: ChangeOrder?, fence: FencingToken) async throws(AdjusterError) {
        try engine.withState { (state) throws(AdjusterError) in
            try state.checkStanding(fence, nil)
            guard let mark = state.canary, experiment == nil || mark.experiment == experiment else { return }
            state.fence = max(state.fence, fence)
            state.pool.endTrial()
            state.canary = nil
        }
    }

    public func status(of change: ChangeOrder?) async throws(AdjusterError) -> CanaryStatus {
        engine.withState { state in
            var status = CanaryStatus(mark: state.canary, rollout: state.pool.status.rollout)
            for member in state.pool.trialMembers {
                let pod = CanaryPod(
                    name: Self.name(ofReplica: member.number), address: nil, isReady: member.isReady, isCurrent: member.isCurrent)
                switch member.group {
                case .canary: status.canary.append(pod)
                case .control: status.control.append(pod)
                case nil: status.rest.append(pod)
                }
            }
            if let mark = state.canary, state.pool.replicas != mark.replicas {
                status.interference = "the simulator was scaled from \(mark.replicas) to \(state.pool.replicas) replicas"
            }
            return status
        }
    }
}

extension EmbeddedState {
    fileprivate func checkOwner(_ order: CanaryOrder) throws(AdjusterError) {
        guard let canary, canary.experiment == order.change.adjustment else {
            throw .changedByAnother(found: nil, "the simulator bears no canary of this adjustment")
        }
    }

    /// What the canary is to run with.
    fileprivate func canarySettings(_ order: CanaryOrder) throws(AdjusterError) -> EngineSettings {
        try check(order.change)
        switch try change(for: order.change) {
        case .settings(let settings): return settings
        case .replicas: throw .refused("a number of replicas cannot be tried on a part of them")
        }
    }
}
