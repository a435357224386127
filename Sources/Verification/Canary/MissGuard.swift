/// Whether a canary lets most of its requests miss their objective, while its control does not, or as soon as it has the change.
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
    /// For so many buckets from the change on the canary is held to itself as well, whatever the control's share is.
    public var bucketsHeldToItself = 9
    /// The first of them, in which requests end that came before the change.
    public var bucketsOfOldRequests = 2

    public init() {}

    /// What has gone wrong, in words; `nil` where nothing has, or too little is known.
    public func harm(in evidence: CanaryEvidence) -> String? {
        harmBesideControl(Misses(in: evidence.after.suffix(buckets))) ?? harmFromTheBeginning(evidence)
    }

    private func harmBesideControl(_ misses: Misses) -> String? {
        guard isHarm(misses), let control = misses.share(of: .control), control < controlShare else { return nil }
        return "\(misses[.canary]) requests to the canary missed their objective, of those to the control \(misses[.control])"
    }

    /// Before the change few missed in the canary, and now most do; in the control no more than before.
    private func harmFromTheBeginning(_ evidence: CanaryEvidence) -> String? {
        let since = evidence.settling + evidence.after
        let misses = Misses(in: since.dropFirst(bucketsOfOldRequests).suffix(buckets))
        let before = Misses(in: evidence.before.suffix(buckets))
        guard since.count <= bucketsHeldToItself, isHarm(misses), let canaryBefore = before.share(of: .canary), canaryBefore < controlShare,
            let control = misses.share(of: .control), let controlBefore = before.share(of: .control), control - controlBefore < controlShare
        else { return nil }
        return "\(misses[.canary]) requests to the canary missed their objective, directly before the change \(before[.canary])"
    }

    private func isHarm(_ misses: Misses) -> Bool {
        guard misses.buckets == buckets, misses.fewestJudged >= requests, let canary = misses.share(of: .canary) else { return false }
        return canary > share
    }
}

/// How many requests were judged in some buckets, and how many of them missed.
private struct Misses {
    let buckets: Int
    private let counts: [CanaryGroup: Count]

    struct Count: CustomStringConvertible {
        var judged = 0
        var missed = 0
        var description: String { "\(missed) of \(judged)" }
    }

    init(in buckets: ArraySlice<CanaryBucket>) {
        self.buckets = buckets.count
        var counts: [CanaryGroup: Count] = [:]
        for group in CanaryGroup.allCases {
            counts[group] = buckets.reduce(into: Count()) {
                $0.judged += $1[group].judged; $0.missed += $1[group].missed
            }
        }
        self.counts = counts
    }

    subscript(group: CanaryGroup) -> Count { counts[group] ?? Count() }

    var fewestJudged: Int { CanaryGroup.allCases.map { self[$0].judged }.min() ?? 0 }

    /// `nil` where none was judged.
    func share(of group: CanaryGroup) -> Double? { self[group].judged > 0 ? Double(self[group].missed) / Double(self[group].judged) : nil }
}
