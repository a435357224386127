public import Measurements
public import Scaling

/// What a source that counts tells of the requests of a service between two looks: what its replicas are planned from.
///
/// What is `nil` is not known, which is neither zero nor a guess.
public struct ServiceLoad: Sendable, Codable, Hashable {
    /// The newest samples of the last look, and of this one.
    public var start: Timestamp
    public var end: Timestamp
    /// Requests that came, answered or not.
    public var arrivals: Int?
    /// Prompts whose length was told, and the tokens in them.
    public var prompts: Int?
    public var promptTokens: Int?
    /// What those that ended were like; its `missed` is not looked at.
    public var finished: ScalingObservation.Finished?
    /// Requests that ended too slowly for the objective, or failed.
    public var missed: Int?
    /// Requests that wait for an engine at the end.
    public var waiting: Int?
    /// Requests that engines are at work on at the end.
    public var running: Int?

    public init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// Mean of the prompts; `nil` where none was told.
    var promptLength: Double? {
        guard let prompts, let promptTokens, prompts > 0, promptTokens >= 0 else { return nil }
        return Double(promptTokens) / Double(prompts)
    }

    public var length: Duration { end.since(start).duration }

    /// Both stretches as one; what is not known of one of them is not known of both.
    public func followed(by next: ServiceLoad) -> ServiceLoad {
        func sum(_ one: Int?, _ other: Int?) -> Int? { one.flatMap { one in other.map { one + $0 } } }
        var both = ServiceLoad(start: start, end: next.end)
        both.arrivals = sum(arrivals, next.arrivals)
        both.prompts = sum(prompts, next.prompts)
        both.promptTokens = sum(promptTokens, next.promptTokens)
        both.missed = sum(missed, next.missed)
        if var finished, let later = next.finished {
            finished.add(later)
            both.finished = finished
        }
        both.waiting = next.waiting
        both.running = next.running
        return both
    }

    /// A figure that planning needs.
    public enum Figure: String, Sendable, Codable, Hashable, CaseIterable {
        case arrivals, promptLengths, answers, late, waiting

        /// As the subject of "is not known".
        public var words: String {
            switch self {
            case .arrivals: "how many requests come"
            case .promptLengths: "how long their prompts are"
            case .answers: "what the answers are like"
            case .late: "how many answers are late"
            case .waiting: "how many requests wait"
            }
        }
    }

    /// What cannot be planned without and is not known.
    public var missing: [Figure] {
        Figure.allCases.filter { figure in
            switch figure {
            case .arrivals: arrivals == nil
            case .promptLengths: prompts == nil || promptTokens == nil
            case .answers: finished == nil
            case .late: missed == nil
            case .waiting: waiting == nil
            }
        }
    }
}
