/// Whether a canary lets most of its requests miss their objective, while its control does not.
///
/// Latencies that rise without end look so variable that no bound on their mean tells anything; that nobody is served in time is plain all the same.
public struct MissGuard: Sendable, Codable, Hashable {
    /// Buckets since the change has settled that are looked at together.
    public var buckets = 4
    /// More of the canary's requests miss than this, `0...1`.
    public var share = 0.5
    /// And fewer of the control's than this, `0...1`.
    public var controlShare = 0.25
    /// Fewer requests than this are an accident.
    public var requests = 40

    public init() {}

    /// What has gone wrong, in words; `nil` where nothing has, or too little is known.
    public func harm(in evidence: CanaryEvidence) -> String? {
        let recent = evidence.after.suffix(buckets)
        func count(_ group: CanaryGroup) -> (judged: Int, missed: Int) {
            recent.reduce((0, 0)) { ($0.0 + $1[group].judged, $0.1 + $1[group].missed) }
        }
        let (canary, control) = (count(.canary), count(.control))
        guard recent.count == buckets, canary.judged >= requests, control.judged >= requests,
            Double(canary.missed) > share * Double(canary.judged), Double(control.missed) < controlShare * Double(control.judged)
        else { return nil }
        return """
            \(canary.missed) of \(canary.judged) requests to the canary missed their objective, of those to the control \(control.missed) of \
            \(control.judged)
            """
    }
}
