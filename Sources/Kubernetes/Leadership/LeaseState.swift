public import Control
public import Measurements

/// How long leadership lasts without news.
public struct LeaseTiming: Sendable, Hashable {
    /// How long others must see no change before they take over; whole seconds.
    public let leaseSeconds: Int64
    /// How long after the start of its last successful renewal a leader goes on acting.
    public let renewDeadline: Duration
    /// Between two renewals, and between two looks at somebody else's lease.
    public let retryPeriod: Duration

    /// - Parameter leaseSeconds: More than the deadline: the difference is the time in which nobody may act.
    /// - Parameter renewDeadline: More than the retry period.
    public init(leaseSeconds: Int64 = 15, renewDeadline: Duration = .seconds(10), retryPeriod: Duration = .seconds(2)) {
        precondition(
            .seconds(leaseSeconds) > renewDeadline && renewDeadline > retryPeriod && retryPeriod > .zero,
            "expected lease > deadline > retry > 0, found \(leaseSeconds) s, \(renewDeadline), \(retryPeriod)")
        self.leaseSeconds = leaseSeconds
        self.renewDeadline = renewDeadline
        self.retryPeriod = retryPeriod
    }
}

/// What one contender knows of a lease, and what it does next: a value without clock and network.
///
/// Times of others' clocks are never compared. A lease has expired when this contender has seen no change of it for its whole duration, on
/// its own monotonic clock; a term ends a margin earlier, counted from before the renewal was sent, so that it is over before anyone else
/// can have waited long enough. The timing follows client-go's leader election.
public struct LeaseState: Sendable {
    /// What has happened.
    public enum Input: Sendable, Hashable {
        /// The lease was read; `nil` where there is none.
        case read(ObservedLease?)
        /// A write succeeded, and left this.
        /// - sentAt: On this contender's clock, before the write was sent.
        case wrote(ObservedLease, sentAt: Duration)
        /// Somebody else wrote first, or the lease is gone: nothing was written.
        case lostRace
        /// No answer, or a refusal; a write may have been carried out.
        case failed
        /// The wait is over.
        case woke
    }

    /// What to do next.
    public enum Action: Sendable, Hashable {
        case read
        /// Creates the lease.
        case create(LeaseRecord)
        /// Replaces what was seen, if it has not changed.
        case replace(ObservedLease, with: LeaseRecord)
        case wait(Duration)
    }

    public let identity: String
    public let timing: LeaseTiming
    private var seen: ObservedLease?
    private var seenAt: Duration = .zero
    private var heldTerm: (token: Int64, until: Duration)?
    private var latestTransitions: Int64
    /// Since the last write that succeeded.
    private var lostRaces = 0

    /// - Parameter identity: Unique among all processes ever, e.g. a pod's name with a random suffix. Not empty.
    /// - Parameter latestTerm: The highest term known to have been, so that a lease that was deleted does not start again below it.
    public init(identity: String, timing: LeaseTiming = LeaseTiming(), latestTerm: FencingToken = FencingToken(rawValue: 0)) {
        precondition(!identity.isEmpty, "a contender needs an identity")
        self.identity = identity
        self.timing = timing
        latestTransitions = min(max(latestTerm.rawValue, 0), Int64(Int32.max))
    }

    /// The term held at a time of this contender's clock; `nil` where it is not known to be safe to act.
    public func term(at now: Duration) -> FencingToken? {
        guard let heldTerm, now < heldTerm.until else { return nil }
        return FencingToken(rawValue: heldTerm.token)
    }

    /// Who holds the lease, as far as seen; empty for nobody.
    public var holder: String { seen?.record.holder ?? "" }

    /// - Parameter now: This contender's monotonic clock, when the input was complete.
    /// - Parameter wall: For the times written into the lease, which nobody decides by.
    public mutating func step(_ input: Input, at now: Duration, wall: Timestamp) -> Action {
        switch input {
        case .read(let lease):
            note(lease, at: now)
            return afterReading(exists: lease != nil, now, wall)
        case .wrote(let lease, let sentAt):
            note(lease, at: now)
            lostRaces = 0
            if lease.record.holder == identity { heldTerm = (lease.record.transitions, sentAt + timing.renewDeadline) }
            return .wait(timing.retryPeriod)
        case .lostRace:
            // Who loses time and again is not racing but being refused.
            lostRaces += 1
            return lostRaces == 1 ? .read : .wait(timing.retryPeriod)
        case .failed: return .wait(timing.retryPeriod)
        case .woke:
            // A leader renews what it last wrote, in one request; who has doubts reads first.
            guard let seen, seen.record.holder == identity, term(at: now) != nil else { return .read }
            return renewal(of: seen, wall)
        }
    }

    /// Gives the lease up: from here on the term is over.
    /// - Returns: What to write over the lease as it was last seen; `nil` where somebody else holds it.
    public mutating func release(wall: Timestamp) -> Action? {
        heldTerm = nil
        guard let seen, seen.record.holder == identity else { return nil }
        let record = LeaseRecord(
            holder: "", durationSeconds: 1, acquired: wall, renewed: wall, transitions: seen.record.transitions)
        return .replace(seen, with: record)
    }

    /// Takes note of a term that has written to a target. One beyond this contender's own, as after a lease was deleted, ends its term: it acts
    /// again in a term of its own beyond that.
    public mutating func note(term: FencingToken) {
        guard term.rawValue > latestTransitions, term.rawValue < Int64(Int32.max) else { return }
        latestTransitions = term.rawValue
        heldTerm = nil
    }

    /// Takes up what was read. Only a change starts the time of a lease anew.
    private mutating func note(_ lease: ObservedLease?, at now: Duration) {
        guard let lease else { return }
        if seen?.resourceVersion != lease.resourceVersion || seen?.record != lease.record { seenAt = now }
        seen = lease
        latestTransitions = max(latestTransitions, lease.record.transitions)
        if lease.record.holder != identity { heldTerm = nil }
    }

    private func afterReading(exists: Bool, _ now: Duration, _ wall: Timestamp) -> Action {
        guard let seen else { return .create(takeover(wall)) }
        if seen.record.holder == identity, exists { return renewal(of: seen, wall) }
        // The holder of a lease that was deleted may still act: it is waited for as if the lease were there.
        let isHeld = !seen.record.holder.isEmpty && seen.record.holder != identity
        let left = seenAt + duration(of: seen.record) - now
        guard !isHeld || left <= .zero else { return .wait(min(left, timing.retryPeriod)) }
        return exists ? .replace(seen, with: takeover(wall)) : .create(takeover(wall))
    }

    private func duration(of record: LeaseRecord) -> Duration {
        guard let seconds = record.durationSeconds, seconds > 0 else { return .seconds(timing.leaseSeconds) }
        return .seconds(seconds)
    }

    private func renewal(of lease: ObservedLease, _ wall: Timestamp) -> Action {
        if lease.record.transitions < latestTransitions { return .replace(lease, with: takeover(wall)) }
        var record = lease.record
        record.durationSeconds = timing.leaseSeconds
        record.renewed = wall
        return .replace(lease, with: record)
    }

    /// Terms count from 1: 0 is no term.
    private func takeover(_ wall: Timestamp) -> LeaseRecord {
        LeaseRecord(
            holder: identity, durationSeconds: timing.leaseSeconds, acquired: wall, renewed: wall, transitions: latestTransitions + 1)
    }
}
