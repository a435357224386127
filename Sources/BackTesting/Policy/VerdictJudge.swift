import Control
import FoundationEssentials
import Learning
import Measurements
import Simulation

/// Holds the verifier's verdicts against a twin: the pool as it was before a change, which runs on under the same arrivals without it.
///
/// What was taken back before it came to the whole pool is not judged: no request but the canary's ever met it, and what it would have done
/// to all is nowhere to be seen.
///
/// A pool is a value, so that the twin is exact, its noise included, up to where the change makes them differ.
struct VerdictJudge {
    private(set) var count = VerdictCount()
    private var twin: Twin?

    /// Above this share more requests missed, a change was clearly harmful.
    private static let harm = 0.01
    /// What may be longer by this is not worse.
    private static let tolerance = 1.02

    private struct Twin {
        let adjustment: UUID
        var pool: EnginePool
        /// From when on requests are compared; `nil` until the change has settled.
        var since: Nanoseconds?
        var with = Side()
        var without = Side()
        var arrived = 0
    }

    private struct Side {
        var met = 0
        var firstToken = Mean()
        var perToken = Mean()
    }

    private struct Mean {
        var sum = 0.0
        var count = 0
        var value: Double { count > 0 ? sum / Double(count) : 0 }

        mutating func add(_ time: Nanoseconds) {
            sum += time.seconds
            count += 1
        }
    }

    /// Lets the twin serve what the pool served.
    mutating func serve(
        _ arrivals: ArraySlice<SimulatedRequest>, until end: Nanoseconds, _ outcomes: [RequestOutcome], isMet: (RequestOutcome) -> Bool
    ) {
        guard var twin, end > twin.pool.time else { return }
        let since = twin.since
        func add(_ outcomes: [RequestOutcome], to side: inout Side) {
            guard let since else { return }
            for outcome in outcomes where outcome.arrival >= since {
                if isMet(outcome) { side.met += 1 }
                guard outcome.ending == .completed else { continue }
                side.firstToken.add(outcome.timeToFirstToken)
                if let gap = outcome.timePerOutputToken { side.perToken.add(gap) }
            }
        }
        add(outcomes, to: &twin.with)
        twin.pool.run(arrivals, until: end, every: end - twin.pool.time) { block, _ in add(block.outcomes, to: &twin.without) }
        if let since { twin.arrived += arrivals.count { $0.arrival >= since } }
        self.twin = twin
    }

    /// Follows an adjustment.
    /// - Parameter before: The pool before this tick, where the tick changed it.
    mutating func follow(_ adjustment: Adjustment?, at now: Nanoseconds, _ before: EnginePool?) {
        guard let adjustment else { return }
        if twin?.adjustment != adjustment.id {
            twin = nil
            if var before, adjustment.isComingToAll {
                before.endTrial()
                twin = Twin(adjustment: adjustment.id, pool: before)
            }
        }
        guard var twin else { return }
        let isCompared = adjustment.state == (adjustment.trial == nil ? .observing : .probation)
        if isCompared, twin.since == nil { twin.since = now }
        self.twin = twin
        if adjustment.verdict != nil && adjustment.trial == nil || adjustment.state.isFinal || adjustment.state == .rollingBack {
            judge(adjustment, twin)
            self.twin = nil
        }
    }

    private mutating func judge(_ adjustment: Adjustment, _ twin: Twin) {
        guard let verdict = adjustment.verdict, verdict != .superseded, verdict != .unmeasured, twin.since != nil, twin.arrived > 0
        else { return }
        count.judged += 1
        let more = Double(twin.without.met - twin.with.met) / Double(twin.arrived)
        let isNoWorse =
            more <= 0 && twin.with.firstToken.value <= twin.without.firstToken.value * Self.tolerance
            && twin.with.perToken.value <= twin.without.perToken.value * Self.tolerance
        if verdict == .worsened, isNoWorse { count.falseAlarms += 1 }
        if adjustment.state == .kept, more > Self.harm { count.missedHarms += 1 }
    }
}

extension Adjustment {
    /// Whether the change has just come to the whole pool. What is tried on a part of it does so when it is promoted.
    fileprivate var isComingToAll: Bool { trial == nil ? state == .applying || state == .settling : state == .promoting }
}
