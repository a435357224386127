import Measurements
import Simulation

/// Looks for a cheaper schedule, from one that is enough.
struct ClairvoyantSearch {
    private var trial: ScalingTrial
    private let attaining: Double
    private let slot: Nanoseconds
    private let demand: [Double]
    /// Requests that count, and how many of them may be missed.
    private let counted: Int
    private(set) var best: ClairvoyantLimit?
    private var runs = 0.0
    /// The pool under the best schedule, every few minutes.
    private var states: [ScheduleReplay] = []
    private var met: [Int] = []

    /// So long after the last difference requests can still suffer from it.
    private static let aftermath = Nanoseconds(seconds: 300)
    private static let pause = Nanoseconds(seconds: 300)

    init(_ trial: ScalingTrial, attaining: Double, slot: Nanoseconds) {
        self.trial = trial
        self.trial.setup.coldStart.deviation = 0
        self.attaining = attaining
        self.slot = slot
        demand = trial.fluidReplicas(slot: slot)
        counted = trial.requests.count { $0.arrival >= trial.warmUp && $0.arrival < trial.end }
    }

    // MARK: How far above the demand

    /// Finds the least margin that leaves about half of the misses for later.
    mutating func findMargin() -> Bool {
        let wish = attaining + (1 - attaining) / 2
        var (low, high) = (0.9, 4.0)
        // Where the largest margin is not enough, for demand comes in bursts within a slot, a fleet that always stands may be.
        guard tryOut(schedule(margin: high), attaining: attaining) || findStandingFleet() else { return false }
        for _ in 0..<6 {
            let middle = (low * high).squareRoot()
            if tryOut(schedule(margin: middle), attaining: wish) { high = middle } else { low = middle }
        }
        return true
    }

    /// Finds the smallest one that is enough.
    private mutating func findStandingFleet() -> Bool {
        var (low, high) = (trial.replicaRange.lowerBound, trial.replicaRange.upperBound)
        guard tryOut(standing(high), attaining: attaining) else { return false }
        while low < high {
            let middle = (low + high) / 2
            if tryOut(standing(middle), attaining: attaining) { high = middle } else { low = middle + 1 }
        }
        return true
    }

    private func standing(_ replicas: Int) -> FleetSchedule {
        FleetSchedule(
            slot: slot, lead: trial.setup.coldStart.median, initial: trial.setup.replicas, needed: demand.map { _ in replicas })
    }

    private func schedule(margin: Double) -> FleetSchedule {
        let range = trial.replicaRange
        return FleetSchedule(
            slot: slot, lead: trial.setup.coldStart.median, initial: trial.setup.replicas,
            needed: demand.map { Int(min(max((margin * $0).rounded(.up), Double(range.lowerBound)), Double(range.upperBound))) })
    }

    /// Runs a whole schedule, which becomes the best if it attains enough and costs less.
    private mutating func tryOut(_ schedule: FleetSchedule, attaining: Double) -> Bool {
        var states: [ScheduleReplay] = []
        var replay = ScheduleReplay(trial, slots: demand.count)
        replay.follow(schedule, in: trial, until: trial.end, pause: Self.pause) { states.append($0) }
        runs += 1
        if trial.isCancelled() { return false }
        let score = replay.closed(trial)
        guard (score.attainment ?? 1) >= attaining else { return false }
        if let best, best.score.replicaHours <= score.replicaHours { return true }
        best = ClairvoyantLimit(schedule: schedule, score: score, runs: runs)
        self.states = states
        met = replay.met
        return true
    }

    // MARK: Where replicas can be spared

    /// A schedule with one replica fewer for a while, and what that saves and costs.
    private struct Thinning {
        var slots: Range<Int>
        var savedSeconds: Double
        /// From the first difference to the last request that suffers from it.
        var window: Range<Int64>
        var moreMissed = 0

        var price: Double { Double(max(0, moreMissed)) / savedSeconds }
    }

    /// Takes replicas away in rounds, the cheapest first, in pieces that get smaller.
    mutating func thinOut(effort: Double) {
        let pieces = [20, 10, 5, 3, 2, 1]
        for (round, piece) in pieces.enumerated() {
            guard let start = best else { return }
            // Each round may spend its part of what may be missed, so that small pieces find some left.
            let spare = Int(Double(counted) * (1 - attaining)) - (counted - start.score.met)
            let allowed = spare * (round + 1) / pieces.count
            var accepted = choose(from: thinnings(of: start.schedule, piece: piece, effort: effort), allowed: allowed)
            while !accepted.isEmpty {
                let schedule = accepted.reduce(start.schedule) { $0.reduced(in: $1.slots, least: trial.replicaRange.lowerBound) }
                if tryOut(schedule, attaining: attaining) { break }
                accepted.removeLast((accepted.count + 1) / 2)
            }
            if runs >= effort { break }
        }
        best?.runs = runs
    }

    /// The cheapest that do not meet and together stay within what may be missed.
    private func choose(from thinnings: [Thinning], allowed: Int) -> [Thinning] {
        var chosen: [Thinning] = []
        var missed = 0
        for thinning in thinnings.sorted(by: { ($0.price, -$0.savedSeconds) < ($1.price, -$1.savedSeconds) })
        where missed + max(0, thinning.moreMissed) <= allowed && !chosen.contains(where: { $0.window.overlaps(thinning.window) }) {
            chosen.append(thinning)
            missed += max(0, thinning.moreMissed)
        }
        return chosen
    }

    private mutating func thinnings(of schedule: FleetSchedule, piece: Int, effort: Double) -> [Thinning] {
        var thinnings: [Thinning] = []
        for slots in schedule.runs(piece: piece) where Int64(slots.lowerBound) * slot.count >= trial.warmUp.count {
            guard runs < effort - 2, var thinning = thinning(of: schedule, slots) else { continue }
            evaluate(&thinning, of: schedule)
            thinnings.append(thinning)
        }
        return thinnings
    }

    private func thinning(of schedule: FleetSchedule, _ slots: Range<Int>) -> Thinning? {
        let thinner = schedule.reduced(in: slots, least: trial.replicaRange.lowerBound)
        let saved = schedule.replicaSeconds(until: trial.end) - thinner.replicaSeconds(until: trial.end)
        guard saved > 0, let first = schedule.firstDifference(from: thinner) else { return nil }
        let last = Nanoseconds(Int64(slots.upperBound) * slot.count) + Self.aftermath
        return Thinning(slots: slots, savedSeconds: saved, window: first.count..<max(first.count + 1, last.count))
    }

    /// Follows the thinner schedule from the last known state before it differs until nobody suffers from it any more.
    private mutating func evaluate(_ thinning: inout Thinning, of schedule: FleetSchedule) {
        let place = states.lastIndex { $0.pool.time.count <= thinning.window.lowerBound } ?? 0
        var replay = states[place]
        let start = replay.pool.time
        let end = min(Nanoseconds(thinning.window.upperBound), trial.end)
        replay.follow(schedule.reduced(in: thinning.slots, least: trial.replicaRange.lowerBound), in: trial, until: end)
        // Those that came at the very end have no answer yet in either case.
        let last = end == trial.end ? demand.count : Int((end.count - Self.aftermath.count / 2) / slot.count)
        let slots = Int(start.count / slot.count)..<max(last, Int(start.count / slot.count))
        thinning.moreMissed = slots.reduce(0) { $0 + met[$1] - replay.met[$1] }
        runs += (end - start).seconds / trial.end.seconds
    }
}

extension FleetSchedule {
    /// Where one replica fewer may do: at the beginnings and ends of the times at which so many are ready, and short such times as a whole.
    fileprivate func runs(piece: Int) -> [Range<Int>] {
        var found: Set<Range<Int>> = []
        for level in 1...max(1, ready.max() ?? 1) {
            var start: Int?
            for index in 0...ready.count {
                let isReady = index < ready.count && ready[index] >= level
                if isReady, start == nil { start = index }
                guard !isReady, let first = start else { continue }
                start = nil
                guard index - first > 2 * piece else {
                    found.insert(first..<index)
                    continue
                }
                found.insert(first..<first + piece)
                found.insert(index - piece..<index)
            }
        }
        return found.sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
    }

    fileprivate func firstDifference(from other: FleetSchedule) -> Nanoseconds? {
        let (mine, others) = (changes, other.changes)
        let same = zip(mine, others).prefix { $0 == $1 }.count
        return [mine.dropFirst(same).first?.time, others.dropFirst(same).first?.time].compactMap(\.self).min()
    }
}
