/// How an engine is served.
public struct ServerSettings: Sendable, Hashable {
    /// On 127.0.0.1; 0 takes any that is free.
    public var port: Int
    /// Simulated seconds in a real one, above 0.
    public var timeScale: Double
    /// Bytes of a request's body.
    public var maximumBodyBytes: Int
    /// Tokens of a prompt.
    public var maximumPromptTokens: Int
    /// Tokens of an answer.
    public var maximumOutputTokens: Int
    /// Of an answer whose request does not say.
    public var defaultOutputTokens: Int
    /// Requests under way; further ones are refused with 503.
    public var maximumRequests: Int

    public init(
        port: Int = 0, timeScale: Double = 1, maximumBodyBytes: Int = 1 << 20, maximumPromptTokens: Int = 100_000,
        maximumOutputTokens: Int = 8_192, defaultOutputTokens: Int = 128, maximumRequests: Int = 2_048
    ) {
        self.port = port
        self.timeScale = timeScale
        self.maximumBodyBytes = maximumBodyBytes
        self.maximumPromptTokens = maximumPromptTokens
        self.maximumOutputTokens = maximumOutputTokens
        self.defaultOutputTokens = defaultOutputTokens
        self.maximumRequests = maximumRequests
    }
}
