import Learning
import Measurements
import Verification

/// The experiment after a look, and what is to be done once it is on disk.
public struct ExperimentStep: Sendable, Hashable {
    public var experiment: KnobExperiment
    public var effects: [ExperimentEffect]
}

extension KnobExperiment {
    /// Takes one step. Equal input gives equal output.
    public func step(_ seen: ExperimentObservation) -> ExperimentStep {
        var next = self
        let effects = next.advance(seen)
        return ExperimentStep(experiment: next, effects: effects)
    }

    private mutating func advance(_ seen: ExperimentObservation) -> [ExperimentEffect] {
        if let reversal = reasonToRevert(seen) { return revert(reversal, seen) }
        switch state {
        case .planned: return enter(.alike, seen, doing: [.formGroups(size: groupSize)])
        case .alike: return compareAlike(seen)
        case .applying: return awaitRollout(seen)
        case .settling: return settle(seen)
        case .observing: return observe(seen)
        case .promoting(let share): return promote(share, seen)
        case .probation: return watch(seen)
        case .reverting(let reversal): return awaitRestoration(reversal, seen)
        case .releasing(let ending): return awaitRelease(ending, seen)
        case .closed: return []
        }
    }

    // MARK: What always holds

    /// Safety comes before everything else, in every state in which the change may be in force.
    private func reasonToRevert(_ seen: ExperimentObservation) -> Reversal? {
        guard state.mayBeInForce else { return nil }
        if let tripwire = seen.tripwire { return .tripwire(tripwire) }
        if let fleet = seen.fleet, let foreign = [fleet.canary, fleet.others].first(where: { $0 != from && $0 != tried }) {
            return .foreignConfiguration(foreign)
        }
        if seen.pool == .worsened { return .poolWorsened }
        if let harm = seen.comparison?.harm ?? seen.backlog, state == .settling || state == .observing { return .harm(harm) }
        if let limit = state.limit(under: terms), seen.now.since(since) > Nanoseconds(seconds: 2 * limit.seconds) {
            return .overdue("\(state) since \(since)")
        }
        if let disturbance = seen.disturbance, state != .probation { return .disturbed(disturbance) }
        return seen.isBudgetSpent && state != .probation ? .budgetSpent : nil
    }

    // MARK: Forward

    private mutating func compareAlike(_ seen: ExperimentObservation) -> [ExperimentEffect] {
        if let disturbance = seen.disturbance { return close(.aborted(disturbance), seen) }
        if let tripwire = seen.tripwire { return close(.aborted("\(tripwire)"), seen) }
        if seen.fleet?.hasGroups == false { since = seen.now }
        guard let fleet = seen.fleet, fleet.hasGroups else { return again(.formGroups(size: groupSize), seen) }
        let isHeldOut = isHoldout && seen.now.since(since) >= timeAlike + terms.holdout
        guard seen.now.since(since) >= timeAlike else { return [] }
        if let problem = seen.alike.map({ $0.problem(under: terms) }) ?? "nothing was measured while the groups were alike" {
            return redraw(because: problem, seen)
        }
        if isHoldout { return isHeldOut ? close(.heldOut, seen) : [] }
        wasApplied = true
        return enter(.applying, seen, doing: [.applyToCanary(tried)])
    }

    /// Other replicas may be alike where these are not: the groups are given up, and asked for anew once they are gone.
    private mutating func redraw(because problem: String, _ seen: ExperimentObservation) -> [ExperimentEffect] {
        guard groupsDrawn < terms.groupDraws else { return close(.aborted(problem), seen) }
        groupsDrawn += 1
        _ = enter(.alike, seen)
        return [.releaseGroups]
    }

    private mutating func awaitRollout(_ seen: ExperimentObservation) -> [ExperimentEffect] {
        guard let fleet = seen.fleet, fleet.canary == tried, fleet.isReady else {
            return seen.now.since(since) > terms.rollout ? revert(.tripwire(.rolloutFailed), seen) : again(.applyToCanary(tried), seen)
        }
        return enter(.settling, seen)
    }

    private mutating func settle(_ seen: ExperimentObservation) -> [ExperimentEffect] {
        let passed = seen.now.since(since)
        guard passed >= terms.settle, seen.fleet?.isWarm == true || passed >= terms.warmUp else { return [] }
        guard seen.fleet?.isDrained == true || passed >= terms.drain else { return [] }
        return enter(.observing, seen)
    }

    private mutating func observe(_ seen: ExperimentObservation) -> [ExperimentEffect] {
        comparison = seen.comparison ?? comparison
        if let comparison, comparison.pairs >= terms.pairs, comparison.isNotHarmed, isProved(comparison) { return goOn(to: 0.5, seen) }
        if let comparison, comparison.pairs >= terms.pairsToGiveUp, isHopeless(comparison) { return revert(.unproved, seen) }
        guard seen.now.since(since) >= terms.observation else { return [] }
        return comparison.map { $0.pairs >= terms.pairs && isProved($0) } == true ? goOn(to: 0.5, seen) : revert(.unproved, seen)
    }

    private func isProved(_ comparison: ComparisonReading) -> Bool {
        comparison.effect.probabilityOfFall(beyond: minimumWorthwhileEffect) >= confidence
    }

    /// As sure that the fall is not worthwhile as it would have to be that it is. What may do harm at a higher load is in force no longer than needed.
    private func isHopeless(_ comparison: ComparisonReading) -> Bool {
        comparison.effect.probabilityOfFall(beyond: minimumWorthwhileEffect) <= 1 - confidence
    }

    private mutating func goOn(to share: Double, _ seen: ExperimentObservation) -> [ExperimentEffect] {
        enter(.promoting(share: share), seen, doing: [.promote(tried, share: share)])
    }

    /// Two waves: half of the replicas, and then all.
    private mutating func promote(_ share: Double, _ seen: ExperimentObservation) -> [ExperimentEffect] {
        guard let fleet = seen.fleet, fleet.isReady, fleet.canary == tried, fleet.canaryShare >= share - 1e-9 || fleet.others == tried
        else {
            return again(.promote(tried, share: share), seen)
        }
        guard seen.now.since(since) >= terms.settle else { return [] }
        if share < 1 { return goOn(to: 1, seen) }
        loadToSee = seen.load?.highOfDay
        return enter(.probation, seen, doing: [.releaseGroups])
    }

    private mutating func watch(_ seen: ExperimentObservation) -> [ExperimentEffect] {
        if loadToSee == nil { loadToSee = seen.load?.highOfDay }
        let passed = seen.now.since(since)
        if let load = seen.load, let loadToSee {
            let high = passed >= terms.longestWaitForPeak ? min(loadToSee, load.highOfDay) : loadToSee
            sawHighLoad = sawHighLoad || load.rate >= high
        }
        guard passed >= terms.probation, sawHighLoad else { return [] }
        return close(.kept, seen)
    }

    // MARK: Back

    private mutating func revert(_ reversal: Reversal, _ seen: ExperimentObservation) -> [ExperimentEffect] {
        comparison = seen.comparison ?? comparison
        return enter(.reverting(reversal), seen, doing: [.restore(from)])
    }

    /// Tried for ever, with growing pauses; nothing new begins meanwhile.
    private mutating func awaitRestoration(_ reversal: Reversal, _ seen: ExperimentObservation) -> [ExperimentEffect] {
        guard let fleet = seen.fleet, fleet.runs(only: from) else { return again(.restore(from), seen) }
        return close(.rolledBack(reversal), seen)
    }

    // MARK: Steps

    private mutating func close(_ ending: Ending, _ seen: ExperimentObservation) -> [ExperimentEffect] {
        enter(.releasing(ending), seen, doing: [.releaseGroups])
    }

    private mutating func awaitRelease(_ ending: Ending, _ seen: ExperimentObservation) -> [ExperimentEffect] {
        guard seen.fleet?.hasGroups == false else { return again(.releaseGroups, seen) }
        return enter(.closed(ending), seen)
    }

    private mutating func enter(_ new: State, _ seen: ExperimentObservation, doing effects: [ExperimentEffect] = []) -> [ExperimentEffect] {
        state = new
        since = seen.now
        lastAttempt = effects.isEmpty ? nil : seen.now
        attempts = effects.isEmpty ? 0 : 1
        return effects
    }

    private mutating func again(_ effect: ExperimentEffect, _ seen: ExperimentObservation) -> [ExperimentEffect] {
        let pause = min(terms.retry.seconds * Double(1 << min(max(attempts - 1, 0), 10)), ExperimentTerms.longestRetry.seconds)
        if let lastAttempt, seen.now.since(lastAttempt) < Nanoseconds(seconds: pause) { return [] }
        lastAttempt = seen.now
        attempts = min(attempts + 1, 1_000)
        return [effect]
    }
}

extension KnobExperiment.State {
    /// Whether the change may be in force, and is not being taken back.
    var mayBeInForce: Bool {
        switch self {
        case .applying, .settling, .observing, .promoting, .probation: true
        case .planned, .alike, .reverting, .releasing, .closed: false
        }
    }

    /// How long a state may last; twice that ends the experiment. `nil` for those that wait for what nobody can hurry.
    func limit(under terms: ExperimentTerms) -> Nanoseconds? {
        switch self {
        case .applying, .promoting: terms.rollout
        case .settling: max(terms.warmUp, terms.drain)
        case .observing: terms.observation
        case .planned, .alike, .probation, .reverting, .releasing, .closed: nil
        }
    }
}
