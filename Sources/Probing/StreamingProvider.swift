public import Measurements

/// An API that answers a prompt with a stream of tokens: how it is asked, and what its events mean.
public protocol StreamingProvider: Sendable {
    /// As policies name it.
    var name: String { get }
    /// The request that asks for an answer to a prompt, streamed.
    func request(_ prompt: Prompt) -> ProviderRequest
    /// What an event says.
    func read(_ event: ServerSentEvent) -> StreamEvent
    /// Why a request was refused, from the beginning of the answer's body.
    func refusal(status: Int, body: [UInt8]) -> InferenceError
}

/// A request to a provider, without address and key.
public struct ProviderRequest: Sendable, Hashable {
    /// To be appended to the endpoint, with its leading slash.
    public var path: String
    /// JSON.
    public var body: [UInt8]

    public init(path: String, body: [UInt8]) {
        self.path = path
        self.body = body
    }
}
