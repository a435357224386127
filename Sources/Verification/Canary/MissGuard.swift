/// Whether a canary lets many of its requests miss their objective, while its control does not, or most of them as soon as it has the change.
///
/// Latencies that rise without end look so variable that no bound on their mean tells anything; that nobody is served in time is plain all the same.
public struct MissGuard: Sendable, Codable, Hashable {
    /// Buckets since the change has settled that are looked at together.
    public var buckets = 4
    /// The canary's share of misses is larger than the control's by more than this, `0...1`.
    public var excess = 0.3
    /// And the control's is smaller than this, `0...1`.
    public var controlShare = 0.25
    /// Fewer requests than this are an accident.
    public var requests = 40
    /// For so many buckets since the change has settled the canary is held to itself as well, whatever the control's share is.
    public var bucketsHeldToItself = 6
    /// More of its requests miss then than this, `0...1`, and fewer than ``controlShare`` did before.
    public var share = 0.5

    public init() {}

    /// What has gone wrong, in words; `nil` where nothing has, or too little is known.
    public func harm(in evidence: CanaryEvidence) -> String? {
        let misses = Misses(in: evidence.after.suffix(buckets))
        guard misses.buckets == buckets, misses.fewestJudged >= requests else { return nil }
        return harmBesideControl(misses) ?? (evidence.after.count <= bucketsHeldToItself ? harmFromTheBeginning(misses, evidence) : nil)
    }

    private func harmBesideControl(_ misses: Misses) -> String? {
        guard let canary = misses.share(of: .canary), let control = misses.share(of: .control), canary > control + excess,
            control < controlShare
        else { return nil }
        return "\(misses[.canary]) requests to the canary missed their objective, of those to the control \(misses[.control])"
    }

    /// Before the change few missed in the canary, and now most do; in the control no more than before.
    private func harmFromTheBeginning(_ misses: Misses, _ evidence: CanaryEvidence) -> String? {
        let before = Misses(in: evidence.before.suffix(buckets))
        guard let canary = misses.share(of: .canary), canary > share, let canaryBefore = before.share(of: .canary),
            canaryBefore < controlShare, let control = misses.share(of: .control), let controlBefore = before.share(of: .control),
            control - controlBefore < controlShare
        else { return nil }
        return "\(misses[.canary]) requests to the canary missed their objective, directly before the change \(before[.canary])"
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
