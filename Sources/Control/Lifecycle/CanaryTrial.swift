import Learning
public import Measurements
import Policies
import Statistics
public import Verification

/// How a change is tried on a part of the replicas before all have it: two groups of equal size, of which one takes the change.
///
/// Part of an ``Adjustment`` and kept with it before every side effect. What there is of the groups stands at the target itself
/// (``CanaryStatus``); here is what was found out with them.
public struct CanaryTrial: Sendable, Codable, Hashable {
    /// Replicas in each of the two groups.
    public let podsPerGroup: Int
    /// Ready replicas of the target before the trial.
    public let replicas: Int
    public let plan: VerificationPlan
    /// What was told before it began.
    public let forecast: CanaryForecast
    /// `nil` before both groups are there, and when all is over.
    public internal(set) var course: CanaryCourse?
    /// Whether the change may have come to the canary.
    public internal(set) var wasApplied = false
    /// Whether the change may have come to the other replicas.
    public internal(set) var wasPromoted = false
    /// When its groups were first told to go.
    public internal(set) var leavingSince: Timestamp?
    /// Whether nothing is left of the groups.
    public internal(set) var areGroupsGone = false

    /// - Parameter plan: Made to fit the forecast, see ``VerificationPlan/fitted(to:)``.
    public init(podsPerGroup: Int, replicas: Int, plan: VerificationPlan, forecast: CanaryForecast) {
        self.podsPerGroup = podsPerGroup
        self.replicas = replicas
        self.plan = plan
        self.forecast = forecast
    }

    mutating func leaves(at time: Timestamp) { leavingSince = leavingSince ?? time }

    /// The end of the newest bucket it has; `nil` before the first.
    public var measuredUntil: Timestamp? {
        guard let evidence = course?.evidence else { return nil }
        let last = evidence.after.last ?? evidence.settling.last ?? evidence.applying.last ?? evidence.before.last
        return last?.end ?? course?.start
    }

    /// Whether a state of its adjustment is about the groups, and not about the whole target.
    func isUnderWay(in state: AdjustmentState) -> Bool {
        switch state {
        case .comparing, .applying, .settling, .observing, .promoting, .rollingBack, .rollbackFailed: !areGroupsGone
        case .proposed, .awaitingApproval, .probation, .kept, .rolledBack, .superseded, .failed, .rejected: false
        }
    }

    /// How many replicas, how long, and what can be found; a clause.
    public var announcement: String {
        let harm = FigureText.percent(exponential(forecast.smallestDetectableHarm) - 1)
        let benefit = FigureText.percent(1 - exponential(-forecast.smallestDetectableBenefit))
        let duration =
            switch (forecast.usualDuration, forecast.longestDuration) {
            case (let usual?, let longest?):
                "usually done in \(FigureText.duration(usual)), nearly always in \(FigureText.duration(longest))"
            default: "done in \(FigureText.duration(plan.timeLimit)) at most"
            }
        return "\(podsPerGroup) of \(replicas) replicas beside as many without the change, \(duration); "
            + "a rise of \(harm) or a fall of \(benefit) is found nearly always"
    }

    /// Watched so long after every replica has the change.
    static let probation = Duration.seconds(1_800)
}

extension Adjustment {
    /// Why the groups of its trial are still there, though they were told to go so long ago that a person should see to it; `nil` where they
    /// are gone, are to stay, or may take their time.
    public func leftGroups(at now: Timestamp) -> String? {
        guard let trial, trial.isUnderWay(in: state), let since = trial.leavingSince else { return nil }
        let length = now.since(since).duration
        guard length >= terms.progressDeadline else { return nil }
        return "what was made to try \(knob.name) = \(candidate.to) has not gone in \(FigureText.duration(length)): "
            + (lastProblem ?? "nobody says why")
    }
}

/// What is done with a canary, see ``CanaryTarget``.
public enum CanaryAction: String, Sendable, Codable, Hashable, CaseIterable {
    case prepare, apply, promote, remove
}
