import Control
import Foundation
import Learning
import Measurements
import Policies
import Tuning
import Verification

/// A simulated fleet as the control loop sees its target: what runs there, which groups it has, and what it does when it is asked to.
struct TunedTarget {
    private(set) var fleet: TunedFleet
    private var stage: CanaryStage?
    private var mark: AdjustmentMark?

    init(_ fleet: TunedFleet) { self.fleet = fleet }

    /// The settings in force as one knob.
    var whole: Configuration { Configuration([TuningWorld.wholeKnob: .text("\(fleet[.rest])")]) }

    private func configuration(_ value: KnobValue) -> Configuration {
        fleet.world.grid.all.first { "\($0)" == "\(value)" } ?? fleet.world.start
    }

    var now: Timestamp { Timestamp(fleet.time) }

    /// Whether the canary runs with something else than it did.
    var isChanged: Bool { fleet[.canary] != fleet[.rest] }

    /// What happened in a while.
    struct Pass {
        var tallies: [TunedFleet.Tally]
        /// Of both groups.
        var canary: CanaryBucket
        /// Of the whole service.
        var block: LatencyBlock

        var arrivals: Int { tallies.reduce(0) { $0 + $1.arrivals } }
        var judged: Int { tallies.reduce(0) { $0 + $1.judged } }
        var missed: Int { tallies.reduce(0) { $0 + $1.missed } }
    }

    mutating func pass(_ length: Nanoseconds) -> Pass {
        let start = now
        let tallies = fleet.advance(by: length)
        var bucket = CanaryBucket(start: start, length: length.duration)
        bucket.canary = tallies[0].bucket
        bucket.canary.underWay = fleet.underWay(.canary)
        bucket.control = tallies[1].bucket
        bucket.control.underWay = fleet.underWay(.control)
        return Pass(tallies: tallies, canary: bucket, block: LatencyBlock(tallies, start: start, length: length.duration))
    }

    func observation(of adjustment: Adjustment) -> TargetObservation {
        var seen = TargetObservation(values: whole.values.mapValues { KnobState($0, origin: .live) })
        seen.readyReplicas = fleet.world.replicas
        seen.mark = mark
        return seen
    }

    func status(of adjustment: Adjustment) -> CanaryStatus {
        let mark = stage.map { stage in
            CanaryMark(
                experiment: adjustment.id, policy: adjustment.policy, knob: adjustment.knob.name, from: adjustment.candidate.from,
                to: adjustment.candidate.to, podsPerGroup: fleet.world.groupSize, replicas: fleet.world.replicas, stage: stage)
        }
        var status = CanaryStatus(mark: mark, rollout: .settled)
        guard stage != nil else { return status }
        func pods(_ group: TunedFleet.Group) -> [CanaryPod] {
            fleet.places(of: group).map { CanaryPod(name: "\($0)", address: nil, node: "\($0)", isReady: true, isCurrent: true) }
        }
        (status.canary, status.control, status.rest) = (pods(.canary), pods(.control), pods(.rest))
        return status
    }

    mutating func perform(_ effect: AdjustmentStep.Effect, of adjustment: Adjustment) {
        let (from, tried) = (configuration(adjustment.candidate.from), configuration(adjustment.candidate.to))
        switch effect {
        case .canary(.prepare):
            guard stage == nil else { break }
            fleet.drawGroups()
            stage = .prepared
        case .canary(.apply):
            fleet.apply(tried, to: [.canary])
            stage = .applied
        case .canary(.promote):
            fleet.apply(tried, to: TunedFleet.Group.allCases)
            stage = .promoted
            mark = AdjustmentMark(
                adjustment: adjustment.id, policy: adjustment.policy, knob: adjustment.knob.name, from: adjustment.candidate.from,
                to: adjustment.candidate.to)
        case .canary(.remove):
            if stage != .promoted { fleet.apply(from, to: TunedFleet.Group.allCases) }
            stage = nil
        case .apply(.forward): fleet.apply(tried, to: TunedFleet.Group.allCases)
        case .apply(.back):
            fleet.apply(from, to: TunedFleet.Group.allCases)
            mark = nil
        case .unmark: mark = nil
        }
    }
}

extension LatencyBlock {
    fileprivate init(_ tallies: [TunedFleet.Tally], start: Timestamp, length: Duration) {
        let buckets = tallies.map(\.bucket)
        self.init(start: start, length: length, requests: buckets.reduce(0) { $0 + $1.requests })
        let first = buckets.reduce((0.0, 0)) { ($0.0 + $1.firstToken.sum, $0.1 + $1.firstToken.count) }
        let gap = buckets.reduce((0.0, 0)) { ($0.0 + $1.perToken.sum, $0.1 + $1.perToken.count) }
        if first.1 > 0 { logTimeToFirstToken = BlockMean(mean: first.0 / Double(first.1), count: first.1) }
        if gap.1 > 0 { logTimePerOutputToken = BlockMean(mean: gap.0 / Double(gap.1), count: gap.1) }
        guard requests > 0 else { return }
        inputTokens = Double(buckets.reduce(0) { $0 + $1.inputTokens }) / Double(requests)
        outputTokens = Double(tallies.reduce(0) { $0 + $1.outputTokens }) / Double(requests)
    }
}
