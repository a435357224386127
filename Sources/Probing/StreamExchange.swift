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
    /// Sent with every request, such as a mark by which a gateway tells them from its users'.
    public var headers: [ProviderRequest.Header] = []

    /// ``endpoint`` as measurements name it.
    private let address: String

    /// Bytes of the body of a refusal that are read at most.
    static let refusalBytes = 64 << 10
    /// Some dozen tokens are read in one go: pieces bear the time they came, whenever they are looked at, and a wake-up costs more than they.
    static let wakeAfterBytes = 4 << 10

    public init(client: HTTPClient, provider: any StreamingProvider, endpoint: String, model: String, timeout: Duration = .seconds(60)) {
        self.client = client
        self.provider = provider
        self.endpoint = endpoint
        self.model = model
        self.timeout = timeout
        address = ForeignText.addressWithoutSecrets(endpoint)
    }

    /// Sends a prompt and times the answer. Never throws: a failure is a measurement with an error.
    /// - Parameter key: The API key; `nil` sends none.
    /// - Parameter time: What the windows' clock shows now.
    /// - Parameter startAt: Not to be sent before; `nil` sends at once.
    public func measure(
        _ prompt: Prompt, key: String?, time: Timestamp, id: UUID = UUID(), startAt: MonotonicTime? = nil
    ) async -> TimedAnswer {
        let measurement = InferenceMeasurement(id: id, time: time, model: model, provider: provider.name, endpoint: address)
        let now = MonotonicTime.now
        var answer = TimedAnswer(measurement: measurement, moments: ReceivedMoments(began: max(startAt ?? now, now)))
        await exchange(prompt, key: key, startAt: startAt, into: &answer)
        answer.moments.ended = .now
        if let error = answer.measurement.error {
            answer.measurement.error = Echo(key: key, prompt: prompt.text).removed(from: error)
        }
        return answer
    }

    private func exchange(_ prompt: Prompt, key: String?, startAt: MonotonicTime?, into answer: inout TimedAnswer) async {
        do throws(TransportError) {
            var request = request(prompt, key: key)
            request.startAt = startAt
            let head = try await client.stream(request)
            answer.moments.sent = head.sentAt
            answer.moments.head = head.headAt
            guard (200..<300).contains(head.status) else {
                let now = Timestamp(secondsSinceEpoch: Date().timeIntervalSince1970)
                answer.retryAfter = RetryAfter.read(head.headers, now: now)
                answer.measurement.error = provider.refusal(status: head.status, body: await beginning(of: head.body))
                if let timings = head.body.timings { answer.note(timings) }
                return
            }
            await read(head, of: prompt, into: &answer)
        } catch {
            answer.measurement.error = InferenceError(error)
            if answer.moments.sent == nil, error.mayHaveReachedServer { answer.moments.sent = answer.moments.began }
        }
    }

    private func request(_ prompt: Prompt, key: String?) -> HTTPRequest {
        let asked = provider.request(prompt, key: key)
        var headers = [
            (name: "Content-Type", value: "application/json"),
            (name: "Accept", value: prompt.isStreamed ? provider.format.contentType : "application/json"),
        ]
        for header in asked.headers { headers.append((name: header.name, value: header.value)) }
        for header in self.headers { headers.append((name: header.name, value: header.value)) }
        return HTTPRequest(
            method: "POST", url: address(of: asked.path), headers: headers, body: asked.body,
            deadlines: Deadlines(firstByte: timeout, idle: timeout, total: timeout), wakeAfterBytes: Self.wakeAfterBytes)
    }

    /// The endpoint with a path behind it, and the queries of both at the end.
    private func address(of path: String) -> String {
        guard let mark = endpoint.firstIndex(of: "?") else {
            return (endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint) + path
        }
        var base = endpoint[..<mark]
        if base.hasSuffix("/") { base = base.dropLast() }
        let query = endpoint[endpoint.index(after: mark)...]
        return base + path + (path.contains("?") ? "&" : "?") + query
    }

    private func read(_ head: StreamingAnswer, of prompt: Prompt, into answer: inout TimedAnswer) async {
        let format = provider.format
        var reader = AnswerReader(
            format, shape: format.shape(isStreamed: prompt.isStreamed, contentType: head.headers["content-type"]),
            keepsText: prompt.keepsAnswer, sentAt: head.sentAt, headAt: head.headAt)
        do throws(TransportError) {
            while let pieces = try await head.body.nextPieces() {
                guard reader.append(pieces) else { break }
            }
        } catch {
            reader.fail(InferenceError(error))
        }
        if let timings = head.body.timings { answer.note(timings) }
        reader.finish(into: &answer)
    }

    /// What there is of the body of a refusal; one that breaks off is a refusal all the same.
    private func beginning(of body: BodyStream) async -> [UInt8] {
        var bytes: [UInt8] = []
        do throws(TransportError) {
            for try await piece in body {
                bytes += piece.bytes.prefix(Self.refusalBytes - bytes.count)
                if bytes.count >= Self.refusalBytes { break }
            }
        } catch {
            // What came is all there is to read.
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
