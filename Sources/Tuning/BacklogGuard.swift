public import Verification

/// Whether a canary answers fewer requests than it is given, while its control keeps up.
///
/// An engine that falls behind looks fast by the requests that it finishes: those that wait are not among them. What came and was not answered
/// is seen before any latency tells.
public struct BacklogGuard: Sendable, Codable, Hashable {
    /// Buckets since the change that are looked at together.
    public var buckets = 4
    /// In how many of them the backlog must have grown.
    public var growing = 4
    /// How much of what came must have been left, more than in the control, `0...1`.
    public var share = 0.12
    /// Fewer requests than this are an accident.
    public var requests = 20

    public init() {}

    /// What has gone wrong, in words; `nil` where nothing has, or arrivals are not counted.
    public func harm(in evidence: CanaryEvidence) -> String? {
        let recent = (evidence.settling + evidence.after).suffix(buckets)
        guard recent.count == buckets else { return nil }
        var (left, came, grew) = (0, 0, 0)
        for bucket in recent {
            guard let ofCanary = bucket.canary.arrivals, let ofControl = bucket.control.arrivals else { return nil }
            let more = ofCanary - bucket.canary.requests - (ofControl - bucket.control.requests)
            left += more
            came += ofCanary
            if more > 0 { grew += 1 }
        }
        guard grew >= growing, left >= requests, Double(left) >= share * Double(came) else { return nil }
        return "the canary left \(left) of \(came) requests unanswered that the control would have answered, and falls further behind"
    }
}
