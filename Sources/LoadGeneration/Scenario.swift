/// One kind of request of a workload.
public struct Scenario: Sendable, Hashable {
    public var name: String
    /// How often it is chosen among others, above 0.
    public var weight: Double
    public var prompts: PromptSource
    /// Tokens asked for at most; what the prompts bring themselves goes before it.
    public var outputTokens: TokenLengths
    /// `nil` for requests that stand alone.
    public var session: SessionShape?
    /// A beginning that all of several requests have in common; `nil` where each begins differently, so that no cache helps.
    public var sharedPrefix: SharedPrefix?
    /// Sent before the first message; `nil` without.
    public var systemPrompt: String?

    public init(
        _ name: String = "default", weight: Double = 1, prompts: PromptSource, outputTokens: TokenLengths, session: SessionShape? = nil,
        sharedPrefix: SharedPrefix? = nil, systemPrompt: String? = nil
    ) {
        self.name = name
        self.weight = weight
        self.prompts = prompts
        self.outputTokens = outputTokens
        self.session = session
        self.sharedPrefix = sharedPrefix
        self.systemPrompt = systemPrompt
    }

    /// What keeps it from being run; `nil` where nothing does.
    public var problem: String? {
        if !(weight > 0 && weight <= 1e9) { return "scenario '\(name)': a weight lies above 0, got \(weight)" }
        let lengths = [prompts.lengths, outputTokens, session?.turns].compactMap { $0?.problem }
        if let problem = lengths.first { return "scenario '\(name)': \(problem)" }
        if case .texts(let texts) = prompts, texts.isEmpty { return "scenario '\(name)': a data set holds at least one prompt, got none" }
        if case .trace(let requests) = prompts, requests.isEmpty {
            return "scenario '\(name)': a trace holds at least one request, got none"
        }
        if let think = session?.thinkSeconds, !(0...86_400).contains(think) {
            return "scenario '\(name)': users think for 0...86400 s, got \(think)"
        }
        if let prefix = sharedPrefix, !TokenLengths.limits.contains(prefix.tokens) || prefix.groups < 1 {
            return "scenario '\(name)': a shared prefix has 1 token and 1 group or more, got \(prefix.tokens) and \(prefix.groups)"
        }
        return nil
    }
}

/// Where prompts come from.
public enum PromptSource: Sendable, Hashable {
    /// Made up, in these lengths.
    case filler(TokenLengths)
    /// Real ones, in turn and from the beginning again.
    case texts([DatasetPrompt])
    /// Made up, in the lengths of a trace and with the beginnings that its requests had in common, in turn.
    case trace([TraceRequest])

    var lengths: TokenLengths? {
        if case .filler(let lengths) = self { lengths } else { nil }
    }
}

/// A prompt of a data set file.
public struct DatasetPrompt: Sendable, Hashable {
    public var text: String
    /// Tokens to ask for; `nil` where the file does not say.
    public var outputTokens: Int?

    public init(text: String, outputTokens: Int? = nil) {
        self.text = text
        self.outputTokens = outputTokens
    }
}

/// Requests that follow each other's answers, each with all that was said before.
///
/// The answers in the history are made up, in the length that was asked for: a run is the same for the same seed, whatever a model says.
public struct SessionShape: Sendable, Hashable {
    /// Requests of a session.
    public var turns: TokenLengths
    /// Seconds between an answer and the next turn, 0 or more.
    public var thinkSeconds: Double

    public init(turns: TokenLengths, thinkSeconds: Double = 0) {
        self.turns = turns
        self.thinkSeconds = thinkSeconds
    }
}

/// A beginning that prompts have in common, such as a long system prompt.
public struct SharedPrefix: Sendable, Hashable {
    public var tokens: Int
    /// How many different ones there are; requests take them in random order.
    public var groups: Int

    public init(tokens: Int, groups: Int = 1) {
        self.tokens = tokens
        self.groups = groups
    }
}
