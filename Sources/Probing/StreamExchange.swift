public import FoundationEssentials
public import Measurements
public import Transport

/// One request of a probe, from sending to its measurement.
public struct StreamExchange: Sendable {
    public let client: HTTPClient
    public let provider: any StreamingProvider
    /// Base URL of the API, such as `http://chat-8b.llm/v1`.
    public let endpoint: String
    public let model: String
    /// For each request.
    public let timeout: Duration

    /// Bytes of the body of a refusal, and of a whole answer, that are read at most.
    static let refusalBytes = 64 << 10
    static let answerBytes = 64 << 20
    /// Most answers are read in one go after their end: pieces bear the time they came, whenever they are looked at.
    static let wakeAfterBytes = 32 << 10

    public init(client: HTTPClient, provider: any StreamingProvider, endpoint: String, model: String, timeout: Duration = .seconds(60)) {
        self.client = client
        self.provider = provider
        self.endpoint = endpoint
        self.model = model
        self.timeout = timeout
    }

    /// Sends a prompt and times the answer. Never throws: a failure is a measurement with an error.
    /// - Parameter key: The API key; `nil` sends none.
    /// - Parameter time: What the windows' clock shows now.
    public func measure(_ prompt: Prompt, key: String?, time: Timestamp, id: UUID = UUID()) async -> TimedAnswer {
        let measurement = InferenceMeasurement(
            id: id, time: time, model: model, provider: provider.name, endpoint: ForeignText.addressWithoutSecrets(endpoint))
        var answer = TimedAnswer(measurement: measurement, moments: ReceivedMoments(began: .now))
        await exchange(prompt, key: key, into: &answer)
        answer.moments.ended = .now
        if let error = answer.measurement.error {
            answer.measurement.error = Echo(key: key, prompt: prompt.text).removed(from: error)
        }
        return answer
    }

    private func exchange(_ prompt: Prompt, key: String?, into answer: inout TimedAnswer) async {
        do throws(TransportError) {
            let head = try await client.stream(request(prompt, key: key))
            answer.moments.sent = head.sentAt
            answer.moments.head = head.headAt
            guard (200..<300).contains(head.status) else {
                answer.retryAfter = RetryAfter.read(head.headers)
                answer.measurement.error = provider.refusal(status: head.status, body: try await beginning(of: head.body))
                return
            }
            await read(head, into: &answer)
        } catch {
            answer.measurement.error = InferenceError(error)
            if answer.moments.sent == nil, error.mayHaveReachedServer { answer.moments.sent = answer.moments.began }
        }
    }

    private func request(_ prompt: ProbePrompt, key: String?) -> HTTPRequest {
        let asked = provider.request(prompt)
        let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        var headers = [(name: "Content-Type", value: "application/json"), (name: "Accept", value: "text/event-stream")]
        if let key { headers.append((name: "Authorization", value: "Bearer " + key)) }
        return HTTPRequest(
            method: "POST", url: base + asked.path, headers: headers, body: asked.body,
            deadlines: Deadlines(firstByte: timeout, idle: timeout, total: timeout), wakeAfterBytes: Self.wakeAfterBytes)
    }

    private func read(_ head: StreamingAnswer, into answer: inout TimedAnswer) async {
        var timing = StreamTiming(sentAt: head.sentAt)
        var events = ServerSentEvents()
        var endedAt = head.headAt
        var count = 0
        do {
            for try await piece in head.body {
                endedAt = piece.receivedAt
                count += piece.bytes.count
                guard count <= Self.answerBytes else { throw EventTooLarge(limitBytes: Self.answerBytes) }
                for event in try events.append(piece.bytes) { timing.record(provider.read(event), receivedAt: endedAt) }
            }
            // Only an end marker counts without the blank line behind it: anything else was cut off.
            if let last = try events.finish().map(provider.read), last.isEnd { timing.record(last, receivedAt: endedAt) }
        } catch let error as TransportError {
            timing.record(StreamEvent(error: InferenceError(error)), receivedAt: endedAt)
        } catch {
            timing.record(StreamEvent(error: InferenceError(type: "too_large", message: "\(error)")), receivedAt: endedAt)
        }
        if let timings = head.body.timings { answer.note(timings) }
        timing.complete(&answer, endedAt: endedAt)
    }

    private func beginning(of body: BodyStream) async throws(TransportError) -> [UInt8] {
        var bytes: [UInt8] = []
        for try await piece in body {
            bytes += piece.bytes.prefix(Self.refusalBytes - bytes.count)
            if bytes.count >= Self.refusalBytes { break }
        }
        return bytes
    }
}

extension InferenceError {
    /// Why a request got no answer, or no whole one: a class and the transport's words, which hold no secrets.
    init(_ error: TransportError) {
        let type =
            switch error.kind {
            case .resolution, .couldNotConnect: Self.unreachable
            case .tls: "tls"
            case .timedOut: "timeout"
            case .connectionLost: "disconnected"
            case .tooLarge: "too_large"
            case .malformed: "malformed_http"
            case .invalidRequest: "invalid_request"
            case .tooManyRedirects: "redirects"
            case .cancelled: Self.cancelled
            }
        self.init(type: type, message: error.cause)
    }

    static let unreachable = "unreachable"
    static let cancelled = "cancelled"
}

extension TimedAnswer {
    /// Takes over what it took to have a connection.
    mutating func note(_ timings: PhaseTimings) {
        func length(_ phase: Duration?) -> Nanoseconds? { phase.map { Nanoseconds(seconds: $0.inSeconds) } }
        connection = ConnectionPhases(
            dns: length(timings.dns), connect: length(timings.connect), tls: length(timings.tls), wasReused: timings.reusedConnection)
        measurement.network = [connection.dns, connection.connect, connection.tls].compactMap(\.self).reduce(Nanoseconds(0), +)
    }
}
