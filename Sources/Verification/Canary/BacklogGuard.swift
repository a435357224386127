/// Whether a canary answers fewer requests than it is given, while its control keeps up.
///
/// An engine that falls behind looks fast by the requests that it finishes: those that wait are not among them. What came and was not answered
/// is seen before any latency tells. It also comes and goes by chance, the more so the nearer engines are to their limit: only what is far from
/// usual between groups that are alike counts, and only what the canary itself leaves, not what a control makes up for.
public struct BacklogGuard: Sendable, Codable, Hashable {
    /// Buckets since the change that are looked at together.
    public var buckets = 4
    /// In how many of them the backlog must have grown.
    public var growing = 4
    /// How much of what came must have been left, more than in the control, `0...1`.
    public var share = 0.12
    /// Fewer requests than this are an accident.
    public var requests = 20
    /// How many standard deviations of as many buckets before the change it must be.
    public var deviations = 4.0
    /// So much of what came is always too much, `0...1`.
    public var largestShare = 0.4
    /// Buckets since the change after which something must have been worked off, where much had piled up before it.
    public var bucketsToWorkOff = 9

    public init() {}

    /// What has gone wrong, in words; `nil` where nothing has, or arrivals are not counted.
    public func harm(in evidence: CanaryEvidence) -> String? {
        let recent = (evidence.settling + evidence.after).suffix(buckets)
        guard recent.count == buckets, let growth = Growth(recent[...]) else { return nil }
        let least = max(Double(requests), share * Double(growth.came))
        let left = Double(min(growth.beyondControl, growth.ofCanary))
        guard growth.timesGrown >= growing, left >= least else { return nil }
        let chance = min(deviations * usualDeviation(of: buckets, in: evidence.before), largestShare * Double(growth.came))
        guard left >= chance else { return nil }
        return """
            the canary left \(growth.ofCanary) of \(growth.came) requests unanswered, \(growth.beyondControl) more than the control, and falls further \
            behind
            """
    }

    /// Why it is no use to wait until the canary has answered what it took in before the change, in words: of the two groups, which both have more
    /// than they can answer, the one with the change gets no further. `nil` where it does, or nobody knows yet.
    public func stagnation(in evidence: CanaryEvidence) -> String? {
        let recent = evidence.settling.suffix(bucketsToWorkOff)
        guard recent.count == bucketsToWorkOff, let growth = Growth(recent[...]) else { return nil }
        guard Double(growth.beyondControl) > -2 * usualDeviation(of: bucketsToWorkOff, in: evidence.before) else { return nil }
        return "of what had piled up the canary worked off nothing more than the control in \(recent.count) buckets"
    }

    /// Of what one group leaves more than the other in so many buckets while both are alike, about zero.
    private func usualDeviation(of buckets: Int, in before: [CanaryBucket]) -> Double {
        guard before.count >= buckets else { return 0 }
        let growths = (0...before.count - buckets).compactMap { Growth(before[$0..<$0 + buckets])?.beyondControl }
        let squares = growths.reduce(0.0) { $0 + Double($1) * Double($1) }
        return growths.isEmpty ? 0 : (squares / Double(growths.count)).squareRoot()
    }
}

/// What groups left unanswered in some buckets.
private struct Growth {
    private(set) var came = 0
    private(set) var ofCanary = 0
    private(set) var beyondControl = 0
    private(set) var timesGrown = 0

    /// `nil` where arrivals are not counted.
    init?(_ buckets: ArraySlice<CanaryBucket>) {
        for bucket in buckets {
            guard let toCanary = bucket.canary.arrivals, let toControl = bucket.control.arrivals else { return nil }
            let left = toCanary - bucket.canary.requests
            let more = left - (toControl - bucket.control.requests)
            came += toCanary
            ofCanary += left
            beyondControl += more
            if more > 0 { timesGrown += 1 }
        }
    }
}
