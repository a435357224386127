public import Measurements

/// An interface that answers prompts, as a stream of tokens or as a whole: how it is asked, and how its answers are to be read.
public protocol StreamingProvider: Sendable {
    /// As policies and configuration files name it.
    var name: String { get }
    var format: AnswerFormat { get }
    /// The request that asks for an answer to a prompt.
    /// - Parameter key: `nil` where none is needed.
    func request(_ prompt: Prompt, key: String?) -> ProviderRequest
}

extension StreamingProvider {
    /// What an event of a stream says.
    public func read(_ event: ServerSentEvent) -> StreamEvent { format.read(event) }

    /// Why a request was refused, from the beginning of the answer's body.
    ///
    /// A body that is no JSON says nothing more than its status; what it says could be anything.
    public func refusal(status: Int, body: [UInt8]) -> InferenceError {
        let found = body.withUnsafeBytes { bytes in
            try? EventScanner.read(bytes, .error)  // What is wrong with it does not matter.
        }
        return InferenceError(type: "http_\(status)", message: found?.errorMessage ?? "", code: status)
    }
}

/// A request to a provider, without the address of its endpoint.
public struct ProviderRequest: Sendable, Hashable {
    public struct Header: Sendable, Hashable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// To be appended to the endpoint, with its leading slash; may end in a query.
    public var path: String
    /// Beside the ones for the types of both bodies; the key is among them.
    public var headers: [Header]
    /// JSON.
    public var body: [UInt8]

    public init(path: String, headers: [Header] = [], body: [UInt8]) {
        self.path = path
        self.headers = headers
        self.body = body
    }

    /// The key as most want it, where there is one.
    static func bearer(_ key: String?) -> [Header] { key.map { [Header("Authorization", "Bearer " + $0)] } ?? [] }
}
