/// What a policy says of an engine whose replicas are planned by forecasts of the demand, rather than stepped by triggers.
public struct ReplicaPlanTerms: Sendable, Codable, Hashable {
    /// Name of an engine profile, which tells what one replica serves in time.
    public var profile: String
    /// From asking for a replica to its serving, as rather long starts take.
    public var startup: Duration
    /// What the engine runs with, as in its own flags; at least 1.
    public var maxNumSeqs: Int
    public var maxNumBatchedTokens: Int

    public init(
        profile: String, startup: Duration = Self.usualStartup, maxNumSeqs: Int = Self.usualMaxNumSeqs,
        maxNumBatchedTokens: Int = Self.usualMaxNumBatchedTokens
    ) {
        self.profile = profile
        self.startup = startup
        self.maxNumSeqs = maxNumSeqs
        self.maxNumBatchedTokens = maxNumBatchedTokens
    }

    public static let usualStartup = Duration.seconds(150)
    public static let usualMaxNumSeqs = 256
    public static let usualMaxNumBatchedTokens = 2_048
}

extension Policy {
    /// The knob whose value is planned; `nil` where none is.
    public var plannedKnob: Knob? { knobs.first { $0.plan != nil } }
}

extension Policy.Source {
    /// Presets of engines that count requests while they wait and run, and the times of whole requests in buckets: what ended, and what more
    /// there is than before, came.
    public static let presetsThatTellLoad = ["vllm"]

    /// Whether it tells how many requests come, answered or not.
    public var tellsLoad: Bool {
        switch kind {
        case .prometheus(let server): server.preset.map(Self.presetsThatTellLoad.contains) ?? false
        case .scrape(let pages): Self.presetsThatTellLoad.contains(pages.preset)
        case .probe, .importFiles: false
        }
    }
}
