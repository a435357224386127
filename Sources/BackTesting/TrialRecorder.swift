import EngineModels
import Measurements
import Scaling
import Simulation
import Statistics

extension PoolSetup {
    var devicesPerReplica: Int { settings.tensorParallel ?? profile.devices }
}

/// Counts what happens in a trial, block by block.
struct TrialRecorder {
    private let trial: ScalingTrial
    private var score: TrialScore

    init(_ trial: ScalingTrial) {
        self.trial = trial
        let counted = max(0, (trial.end - trial.warmUp).seconds)
        score = TrialScore(scaling: ScalingScore(), minutes: MinuteCourse(), countedSeconds: counted)
    }

    /// Takes in requests that ended.
    /// - Returns: What a controller is told of them.
    mutating func take(_ outcomes: [RequestOutcome]) -> ScalingObservation.Finished {
        var finished = ScalingObservation.Finished()
        for outcome in outcomes {
            let isMet = trial.objective.isMet(by: outcome, on: trial.setup.profile, trial.setup.settings)
            finished.add(outcome, isMissed: !isMet)
            guard outcome.arrival >= trial.warmUp else { continue }
            score.scaling.add(outcome, isMet: isMet)
            if isMet { score.minutes.meet(arrival: outcome.arrival - trial.warmUp) }
            guard outcome.ending == .completed else { continue }
            score.record(firstToken: outcome.timeToFirstToken, perToken: outcome.timePerOutputToken)
        }
        return finished
    }

    mutating func addChange(from old: Int, to new: Int) { score.scaling.addChange(from: old, to: new) }

    /// Replicas that were started, where a change of settings starts them too.
    mutating func addStarts(_ count: Int) { score.scaling.addStarts(count) }

    /// - Parameter deviceSeconds: Where the devices of a replica changed; otherwise they follow from the setup.
    func close(replicaSeconds: Double, deviceSeconds: Double? = nil) -> TrialScore {
        var score = score
        score.deviceHours = (deviceSeconds ?? replicaSeconds * Double(trial.setup.devicesPerReplica)) / 3_600
        var arrived = 0
        for request in trial.requests where request.arrival >= trial.warmUp && request.arrival < trial.end {
            arrived += 1
            score.minutes.arrive(at: request.arrival - trial.warmUp)
        }
        score.scaling.close(arrived: arrived, replicaSeconds: replicaSeconds, span: trial.end)
        score.unanswered = arrived - Int(score.timeToFirstToken.totalCount)
        return score
    }
}
