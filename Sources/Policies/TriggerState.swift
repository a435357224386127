public import Measurements

/// What a trigger remembers between evaluations; survives a restart by being stored.
public struct TriggerState: Sendable, Codable, Hashable {
    /// Since when the condition has held without a break.
    public var pendingSince: Timestamp?
    /// When the condition was last seen to hold; a long silence after it breaks the hold.
    public var lastHeld: Timestamp?
    /// Since when the trigger has been firing without a break.
    public var firingSince: Timestamp?
    /// The last evaluation at which it fired.
    public var lastFired: Timestamp?
    public var cooldown: Cooldown?
    /// Up to when the schedule of a scheduled trigger has been looked at.
    public var scheduleSeenThrough: Timestamp?

    public init() {}

    /// Quiet time after a change.
    public struct Cooldown: Sendable, Codable, Hashable {
        public var until: Timestamp
        public var reason: Reason

        public enum Reason: String, Sendable, Codable, Hashable, CaseIterable {
            /// The trigger caused an adjustment.
            case adjusted
            /// An adjustment the trigger caused was rolled back.
            case rolledBack
        }

        public init(until: Timestamp, reason: Reason) {
            self.until = until
            self.reason = reason
        }
    }

    /// Starts the quiet time after an adjustment or its rollback. A running quiet time is never made shorter.
    public mutating func cool(_ trigger: Trigger, because reason: Cooldown.Reason, at time: Timestamp) {
        let length = reason == .adjusted ? trigger.cooldown : max(trigger.cooldown, trigger.cooldownAfterRollback)
        let until = time.advanced(by: length)
        guard until > (cooldown?.until ?? time) else { return }
        cooldown = Cooldown(until: until, reason: reason)
    }

    fileprivate mutating func breakHold() {
        pendingSince = nil
        lastHeld = nil
        firingSince = nil
    }
}

/// Where a trigger stands after an evaluation.
public enum TriggerOutcome: Sendable, Codable, Hashable {
    /// The condition does not hold, or the schedule is not due.
    case inactive
    /// The condition holds, but not for long enough yet.
    case pending(since: Timestamp, remaining: Duration)
    case firing(Firing)
    /// The condition holds, but a change was made a short while ago.
    case cooling(until: Timestamp, reason: TriggerState.Cooldown.Reason)
    /// What is known does not decide the condition; a sentence for each leaf in doubt.
    case unknown(reasons: [String])

    public struct Firing: Sendable, Codable, Hashable {
        public var since: Timestamp
        public var hold: Hold

        public init(since: Timestamp, hold: Hold) {
            self.since = since
            self.hold = hold
        }
    }

    /// On what grounds `for` counts as met.
    public enum Hold: Sendable, Codable, Hashable {
        /// The condition was seen to hold this long.
        case observed(Duration)
        /// A run that was evaluated as a whole spans less than `for`: how long the condition held is not observable and taken as long enough.
        case takenAsHeld(span: Duration)
        /// The schedule came due at this time.
        case scheduled(Timestamp)
    }

    public var isFiring: Bool {
        if case .firing = self { true } else { false }
    }

    /// `inactive`, `pending`, `firing`, `cooling` or `unknown`: the closed set used in tests, labels and reports.
    public var label: String {
        switch self {
        case .inactive: "inactive"
        case .pending: "pending"
        case .firing: "firing"
        case .cooling: "cooling"
        case .unknown: "unknown"
        }
    }
}

/// Takes a trigger one evaluation further. Pure: time is what the caller says it is.
///
/// The condition must be seen to hold at every evaluation for the whole of `for`. False breaks the hold, and so does unknown: "without a
/// break" cannot be claimed across a time in which nobody knows. So does a silence longer than `longestGap`, and a clock that went back.
/// Neither touches a cooldown or what is remembered of earlier firings. Holding counts on during a cooldown, which only delays the firing.
/// A scheduled trigger fires at the first evaluation at or after each due time, once however many were missed, if its condition holds then;
/// its very first evaluation only starts the watch.
/// - Parameters:
///   - observedSpan: For a run that is evaluated once and as a whole: how long the run was. A hold the run is too short for, or is seen only
///     once, is taken as met, and the outcome says so.
///   - longestGap: The longest time between two evaluations across which a hold is believed; `nil` for any.
public func advance(
    _ trigger: Trigger, _ state: TriggerState, _ evaluation: ConditionEvaluation, now: Timestamp, observedSpan: Duration? = nil,
    longestGap: Duration? = nil
) -> (outcome: TriggerOutcome, state: TriggerState) {
    var next = state
    if let cooldown = next.cooldown, cooldown.until <= now { next.cooldown = nil }
    let due = next.takeDueTime(of: trigger, now: now)
    switch evaluation.truth {
    case .unknown:
        next.breakHold()
        return (.unknown(reasons: evaluation.unknownReasons), next)
    case .false:
        next.breakHold()
        return (.inactive, next)
    case .true:
        let outcome =
            trigger.schedule == nil
            ? next.hold(trigger, now: now, observedSpan: observedSpan, longestGap: longestGap) : next.scheduled(due, now: now)
        return (outcome, next)
    }
}

extension TriggerState {
    /// The first due time since the schedule was last looked at; later ones up to now are taken as the same.
    fileprivate mutating func takeDueTime(of trigger: Trigger, now: Timestamp) -> Timestamp? {
        guard let schedule = trigger.schedule else { return nil }
        guard let seen = scheduleSeenThrough, seen <= now else {
            scheduleSeenThrough = now
            return nil
        }
        scheduleSeenThrough = now
        guard let due = schedule.cron.next(after: seen, timezone: schedule.timezone), due <= now else { return nil }
        return due
    }

    fileprivate mutating func scheduled(_ due: Timestamp?, now: Timestamp) -> TriggerOutcome {
        firingSince = nil
        guard let due else { return .inactive }
        if let cooldown { return .cooling(until: cooldown.until, reason: cooldown.reason) }
        firingSince = now
        lastFired = now
        return .firing(TriggerOutcome.Firing(since: now, hold: .scheduled(due)))
    }

    fileprivate mutating func hold(
        _ trigger: Trigger, now: Timestamp, observedSpan: Duration?, longestGap: Duration?
    ) -> TriggerOutcome {
        if let last = lastHeld, last > now || longestGap.map({ now.since(last).duration > $0 }) ?? false { breakHold() }
        let since = min(pendingSince ?? now, now)
        pendingSince = since
        lastHeld = now
        if let cooldown {
            firingSince = nil
            return .cooling(until: cooldown.until, reason: cooldown.reason)
        }
        let held = now.since(since).duration
        guard held >= trigger.holdFor || observedSpan != nil else {
            return .pending(since: since, remaining: trigger.holdFor - held)
        }
        firingSince = firingSince ?? now
        lastFired = now
        let hold = held >= trigger.holdFor ? TriggerOutcome.Hold.observed(held) : .takenAsHeld(span: observedSpan ?? held)
        return .firing(TriggerOutcome.Firing(since: firingSince ?? now, hold: hold))
    }
}
