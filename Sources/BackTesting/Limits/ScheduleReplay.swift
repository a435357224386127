import Measurements
import Simulation

/// A pool that follows a schedule, with where it stood from time to time, so that another schedule can be tried from there.
struct ScheduleReplay {
    private(set) var pool: EnginePool
    /// Of the next request to come.
    private var next = 0
    /// Requests answered in time, by the slot of their arrival.
    private(set) var met: [Int]
    private(set) var score = ScalingScore()

    init(_ trial: ScalingTrial, slots: Int) {
        pool = EnginePool(trial.setup)
        met = Array(repeating: 0, count: slots)
    }

    /// Follows a schedule from where it stands until an end.
    /// - Parameter pause: Time between looks.
    mutating func follow(
        _ schedule: FleetSchedule, in trial: ScalingTrial, until end: Nanoseconds, pause: Nanoseconds? = nil,
        look: (ScheduleReplay) -> Void = { _ in }
    ) {
        let start = pool.time
        var changes = schedule.changes.filter { $0.time >= start }[...]
        var nextLook = pause.map { Nanoseconds((start.count / $0.count) * $0.count) }
        while !trial.isCancelled() {
            let time = [changes.first?.time, nextLook, end].compactMap(\.self).min() ?? end
            proceed(to: min(time, end), slot: schedule.slot, in: trial)
            guard time < end else { return }
            if time == nextLook, let pause {
                look(self)
                nextLook = time + pause
            }
            if let change = changes.first, change.time == time {
                score.addChange(from: pool.status.wanted, to: change.wanted)
                pool.scale(to: change.wanted)
                changes.removeFirst()
            }
        }
    }

    private mutating func proceed(to time: Nanoseconds, slot: Nanoseconds, in trial: ScalingTrial) {
        while next < trial.requests.count, trial.requests[next].arrival < time {
            pool.submit(trial.requests[next])
            next += 1
        }
        pool.advance(to: time)
        for outcome in pool.takeOutcomes() where trial.objective.isMet(by: outcome, on: trial.setup.profile, trial.setup.settings) {
            met[Int(outcome.arrival.count / slot.count)] += 1
            if outcome.arrival >= trial.warmUp { score.add(outcome, isMet: true) }
        }
    }

    /// The score of the whole trial, once its end is reached.
    func closed(_ trial: ScalingTrial) -> ScalingScore {
        var score = score
        score.close(
            arrived: trial.requests.count { $0.arrival >= trial.warmUp && $0.arrival < trial.end },
            replicaSeconds: pool.status.replicaSeconds, span: trial.end)
        return score
    }
}
