public import FoundationEssentials
public import Measurements

/// One request of a probe, from sending to its measurement.
public struct StreamExchange<Transport: StreamTransport>: Sendable {
    public let transport: Transport
    public let provider: any StreamingProvider
    /// Base URL of the API, such as `http://chat-8b.llm/v1`.
    public let endpoint: String
    public let model: String
    /// For each request.
    public let timeout: Duration

    /// Bytes of the body of a refusal that are read.
    static var refusalBytes: Int { 64 << 10 }
    /// Bytes of an answer that are read at most.
    static var answerBytes: Int { 64 << 20 }

    public init(transport: Transport, provider: any StreamingProvider, endpoint: String, model: String, timeout: Duration) {
        self.transport = transport
        self.provider = provider
        self.endpoint = endpoint
        self.model = model
        self.timeout = timeout
    }

    /// Sends a prompt and times the answer. Never throws: a failure is a measurement with an error.
    /// - Parameter time: What the windows' clock shows now.
    public func measure(_ prompt: ProbePrompt, authorization: String?, time: Timestamp, id: UUID = UUID()) async -> TimedAnswer {
        let asked = provider.request(prompt)
        let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        let request = StreamRequest(url: base + asked.path, body: asked.body, authorization: authorization, timeout: timeout)
        var measurement = InferenceMeasurement(
            id: id, time: time, model: model, provider: provider.name, endpoint: ForeignText.addressWithoutSecrets(endpoint))
        let called = transport.now
        do {
            let answer = try await transport.open(request)
            measurement.network = answer.connectNanoseconds.map { Nanoseconds(Int64(clamping: $0)) }
            guard (200..<300).contains(answer.status) else {
                measurement.error = provider.refusal(status: answer.status, body: try await beginning(of: answer.body))
                return TimedAnswer(measurement: measurement, tokens: nil)
            }
            return try await read(answer, sentAt: answer.sentAt ?? called, into: measurement)
        } catch {
            measurement.error = Self.failure(error)
            return TimedAnswer(measurement: measurement, tokens: nil)
        }
    }

    private func read(
        _ answer: OpenStream<Transport.Body>, sentAt: UInt64, into measurement: InferenceMeasurement
    ) async throws -> TimedAnswer {
        var measurement = measurement
        var timing = StreamTiming(sentAt: sentAt)
        var events = ServerSentEvents()
        var endedAt = sentAt
        var count = 0
        do {
            for try await piece in answer.body {
                endedAt = piece.receivedAt
                count += piece.bytes.count
                guard count <= Self.answerBytes else { throw EventTooLarge(limitBytes: Self.answerBytes) }
                for event in try events.append(piece.bytes) { timing.record(provider.read(event), receivedAt: endedAt) }
            }
            // Only an end marker counts without the blank line behind it: anything else was cut off.
            if let last = try events.finish().map(provider.read), last.isEnd { timing.record(last, receivedAt: endedAt) }
        } catch {
            timing.record(StreamEvent(error: Self.failure(error)), receivedAt: endedAt)
        }
        timing.complete(&measurement, endedAt: endedAt)
        return TimedAnswer(measurement: measurement, tokens: timing.outputTokens)
    }

    private func beginning(of body: Transport.Body) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await piece in body {
            bytes += piece.bytes.prefix(Self.refusalBytes - bytes.count)
            if bytes.count >= Self.refusalBytes { break }
        }
        return bytes
    }

    static func failure(_ error: any Error) -> InferenceError {
        switch error {
        case let failure as StreamFailure: InferenceError(type: failure.kind.rawValue, message: failure.description)
        case let failure as EventTooLarge: InferenceError(type: "too_large", message: failure.description)
        case is CancellationError: InferenceError(type: StreamFailure.Kind.cancelled.rawValue, message: "the probe was stopped")
        default: InferenceError(type: StreamFailure.Kind.disconnected.rawValue, message: "the connection broke")
        }
    }
}

/// A measurement, and where its number of tokens is from.
public struct TimedAnswer: Sendable, Hashable {
    public var measurement: InferenceMeasurement
    public var tokens: OutputTokens?

    public init(measurement: InferenceMeasurement, tokens: OutputTokens?) {
        self.measurement = measurement
        self.tokens = tokens
    }
}
