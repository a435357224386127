public import Statistics

/// Short prompts in turn, each under a prefix of its own: a server that finds the beginning of a prompt in its cache would answer the
/// second time sooner than it answers anybody else.
public struct ProbePrompts: Sendable {
    private var generator: SplitMix64
    private var turn = 0
    private let maximumOutputTokens: Int

    private static let texts = [
        "Describe how rain forms, in plain words.", "Explain why bread rises when it is baked.",
        "Tell a short story about a lighthouse keeper.", "Name the planets and say one thing about each.",
        "How does a bicycle stay upright while it moves?", "Give three reasons to plant trees in a city.",
    ]

    /// - Parameter maximumOutputTokens: What is asked for at most, at least 1.
    public init(maximumOutputTokens: Int, generator: SplitMix64) {
        self.maximumOutputTokens = max(1, maximumOutputTokens)
        self.generator = generator
    }

    public mutating func next() -> Prompt {
        defer { turn += 1 }
        let digits = String(generator.next(), radix: 16)
        let mark = String(repeating: "0", count: 16 - digits.utf8.count) + digits
        return Prompt(text: "[\(mark)] " + Self.texts[turn % Self.texts.count], maximumOutputTokens: maximumOutputTokens)
    }
}
