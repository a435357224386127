import Learning
public import Measurements
import Policies
import Statistics
import Tuning
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
    /// `nil` is ``Terms/usual``.
    private let terms: Terms?
    private var madeProgress: Progress?
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

    /// What it came to, once its course is gone; `nil` before.
    public private(set) var closedAccount: TrialAccount?
    /// An engine of the canary failed with the change.
    var failed: FailureLabels.Kind?

    /// - Parameter plan: Made to fit the forecast, see ``VerificationPlan/fitted(to:)``.
    public init(podsPerGroup: Int, replicas: Int, plan: VerificationPlan, forecast: CanaryForecast, terms: Terms = .usual) {
        self.terms = terms == .usual ? nil : terms
        self.podsPerGroup = podsPerGroup
        self.replicas = replicas
        self.plan = plan
        self.forecast = forecast
    }

    mutating func leaves(at time: Timestamp) { leavingSince = leavingSince ?? time }

    /// What it showed and cost so far.
    /// - Parameter objective: Of tuning; `nil` where its knob is not tuned.
    public func account(objective: CompositeObjective?) -> TrialAccount {
        if let closedAccount { return closedAccount }
        var account = course.map { TrialAccount($0, objective: objective) } ?? TrialAccount()
        account.failure = account.failure ?? failed
        return account
    }

    /// Lets go of the buckets; what they came to stays.
    mutating func close(objective: CompositeObjective?) {
        closedAccount = account(objective: objective)
        course = nil
    }

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

    var usedTerms: Terms { terms ?? .usual }

    var progress: Progress {
        get { madeProgress ?? Progress() }
        set { madeProgress = newValue == Progress() ? nil : newValue }
    }

    /// How a trial is carried out.
    public struct Terms: Sendable, Codable, Hashable {
        /// So many times groups are drawn where those before were not alike, at least 1.
        public var groupDraws: Int
        /// Watched so long, at least, after every replica has the change.
        public var probation: Duration
        /// Watched until a load was seen that was exceeded for a fifth of the last day, where that is known: what is best at low load may break at
        /// the peak. After a day the load of that day counts.
        public var waitsForHighLoad: Bool

        public init(groupDraws: Int = 1, probation: Duration = .seconds(1_800), waitsForHighLoad: Bool = false) {
            self.groupDraws = groupDraws
            self.probation = probation
            self.waitsForHighLoad = waitsForHighLoad
        }

        public static let usual = Terms()
        public static let tuning = Terms(groupDraws: 3, waitsForHighLoad: true)
    }

    /// How far it has come, besides its course.
    struct Progress: Sendable, Codable, Hashable {
        var groupsDrawn = 1
        /// Groups that were not alike are being taken away, for others.
        var isRedrawing = false
        /// Time in the state of comparing up to the last draw.
        var comparedBefore = Duration.zero
        /// High load as it was when the change came everywhere, requests per second.
        var loadToSee: Double?
        var sawHighLoad = false
    }
}

/// The load now, and what of the last day's was high.
public struct LoadReading: Sendable, Codable, Hashable {
    /// Requests per second.
    public var rate: Double
    /// The rate that was exceeded for a fifth of the last day.
    public var highOfDay: Double

    public init(rate: Double, highOfDay: Double) {
        self.rate = rate
        self.highOfDay = highOfDay
    }
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
