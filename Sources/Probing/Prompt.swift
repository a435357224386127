/// What is asked of a model, and how the answer is wanted.
public struct Prompt: Sendable, Hashable {
    public enum Role: String, Sendable, Hashable { case user, assistant }

    /// What one side of a conversation said.
    public struct Turn: Sendable, Hashable {
        public var role: Role
        public var text: String

        public init(role: Role, text: String) {
            self.role = role
            self.text = text
        }
    }

    /// What stands before the conversation.
    public var system: String?
    /// The conversation so far, the last turn the user's.
    public var turns: [Turn]
    /// At least 1.
    public var maximumOutputTokens: Int
    public var sampling: Sampling
    /// Whether the model is to go on until ``maximumOutputTokens`` are there; only engines that know `ignore_eos` can be told so.
    public var ignoresEndOfSequence: Bool
    /// Whether the answer is to come piece by piece; otherwise as a whole, and nothing is known of its first token.
    public var isStreamed: Bool
    /// Whether ``TimedAnswer/text`` is wanted, as the next turn of a conversation needs it.
    public var keepsAnswer: Bool

    public init(system: String? = nil, turns: [Turn], maximumOutputTokens: Int, sampling: Sampling = Sampling()) {
        self.system = system
        self.turns = turns
        self.maximumOutputTokens = max(1, maximumOutputTokens)
        self.sampling = sampling
        ignoresEndOfSequence = false
        isStreamed = true
        keepsAnswer = false
    }

    /// One question.
    public init(text: String, maximumOutputTokens: Int) {
        self.init(turns: [Turn(role: .user, text: text)], maximumOutputTokens: maximumOutputTokens)
    }

    /// All of it as one text, for interfaces without turns.
    public var text: String {
        if system == nil, turns.count == 1 { return turns[0].text }
        return ((system.map { [$0] } ?? []) + turns.map(\.text)).joined(separator: "\n\n")
    }
}

/// How the next token is chosen; what is `nil` is left to the server.
public struct Sampling: Sendable, Hashable {
    public var temperature: Double?
    public var topP: Double?
    public var topK: Int?
    public var seed: Int?
    public var stop: [String]

    public init(temperature: Double? = nil, topP: Double? = nil, topK: Int? = nil, seed: Int? = nil, stop: [String] = []) {
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.seed = seed
        self.stop = stop
    }
}
