import Documents
import Measurements
import Synchronization
import Transport

extension KubernetesClient {
    /// What happens to the objects of a collection from a resourceVersion on.
    ///
    /// A watch that ends, properly or not, is taken up where it was; while the server cannot be reached, it is tried again with growing
    /// waits, without end. Cancel the task that reads it to end it.
    /// - Parameter resourceVersion: Of a list.
    public func watch(_ path: String, from resourceVersion: String, _ selection: ObjectSelection = ObjectSelection()) -> ObjectWatch {
        ObjectWatch(client: self, path: path, selection: selection, from: resourceVersion)
    }

    /// What is in a collection and what happens to it; where too much was missed, it is listed again.
    public func follow(_ path: String, _ selection: ObjectSelection = ObjectSelection()) -> FollowedObjects {
        FollowedObjects(client: self, path: path, selection: selection)
    }
}

/// A watch that goes on until it must be listed again. Read by one task, once.
///
/// It throws `KubernetesError` of kind `gone` where the resourceVersion is too old, and `unauthorized`, `forbidden`, `notFound`, `badRequest`
/// or a `serverError` that is not retryable where trying again would not help.
public struct ObjectWatch: AsyncSequence, Sendable {
    public typealias Element = WatchEvent
    public typealias Failure = KubernetesError

    let client: KubernetesClient
    let path: String
    let selection: ObjectSelection
    let from: String

    public func makeAsyncIterator() -> Iterator { Iterator(watch: self) }

    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private let watch: ObjectWatch
        /// Where the next watch goes on.
        public private(set) var resourceVersion: String
        private var body: BodyStream?
        private var lines: WatchLines
        private var ready: ArraySlice<[UInt8]> = []
        private var failures = 0
        private var openedAt: Duration = .zero
        private var refused: ProvenIdentity?
        private var isOver = false

        init(watch: ObjectWatch) {
            self.watch = watch
            resourceVersion = watch.from
            lines = WatchLines(limitBytes: watch.client.settings.watchLineLimitBytes)
        }

        private var client: KubernetesClient { watch.client }
        private var asked: AskedRequest { AskedRequest(method: "GET", path: watch.path) }

        public mutating func next() async throws(KubernetesError) -> WatchEvent? {
            guard !isOver else { return nil }
            do throws(KubernetesError) {
                while true {
                    if let line = ready.popFirst() {
                        if let event = try await event(line) { return event }
                    } else if body == nil {
                        try await open()
                    } else {
                        try await readOn()
                    }
                }
            } catch {
                isOver = true
                close()
                throw error
            }
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(KubernetesError) -> WatchEvent? { try await next() }

        /// The event of a line; `nil` where the watch is to be opened anew.
        private mutating func event(_ line: [UInt8]) async throws(KubernetesError) -> WatchEvent? {
            switch WatchLine(line, limitBytes: client.settings.watchLineLimitBytes) {
            case .event(let event):
                failures = 0
                if let version = event.resourceVersion { resourceVersion = version }
                return event
            case .failure(let status, let code):
                close()
                try await recover(from: KubernetesError(asked, status: code, status))
                return nil
            case nil:
                throw KubernetesError(.unreadableAnswer, request: asked.title, status: 200, message: "a line of the watch is no event")
            }
        }

        private mutating func open() async throws(KubernetesError) {
            let identity = try await client.identity(after: refused, for: asked)
            let length = client.watchLength()
            var message = client.worded(
                OutgoingRequest(
                    method: "GET", path: watch.path,
                    query: watch.selection.query + [
                        ("watch", "1"), ("resourceVersion", resourceVersion), ("allowWatchBookmarks", "true"),
                        ("timeoutSeconds", "\(Int(length.inSeconds.rounded(.up)))"),
                    ], bodyLimitBytes: client.settings.objectBodyLimitBytes), identity)
            // The server ends the stream; the limit is for one that does not.
            message.deadlines = Deadlines(
                connect: .seconds(5), firstByte: client.settings.deadline, idle: nil, total: length + client.settings.deadline)
            do throws(KubernetesError) {
                let answer: StreamingAnswer
                do { answer = try await client.http.stream(message) } catch { throw KubernetesError(asked, error) }
                guard (200...299).contains(answer.status) else { throw await Self.refusal(asked, answer) }
                body = answer.body
                openedAt = client.clock.now()
                refused = nil
            } catch {
                if error.kind == .unauthorized, refused == nil, try await client.identity(after: identity, for: asked) != identity {
                    refused = identity
                } else {
                    try await recover(from: error)
                }
            }
        }

        /// Takes the next piece; the end of the stream, and a cut, close it.
        private mutating func readOn() async throws(KubernetesError) {
            do {
                guard let chunk = try await nextPiece() else {
                    close()
                    // A server that ends watches as soon as they begin is not to be asked without pause.
                    let isEarly = client.clock.now() - openedAt < .seconds(1)
                    if isEarly { try await pause() } else { failures = 0 }
                    return
                }
                ready = try lines.take(chunk.bytes)[...]
            } catch let error as TransportError {
                close()
                try await recover(from: KubernetesError(asked, error))
            } catch is WatchLines.TooLong {
                throw KubernetesError(
                    .unreadableAnswer, request: asked.title, status: 200,
                    message: "a line of the watch has more than \(lines.limitBytes) bytes")
            } catch let error as KubernetesError {
                throw error
            } catch {
                throw KubernetesError(.unreadableAnswer, request: asked.title, message: "\(error)")
            }
        }

        private func nextPiece() async throws(TransportError) -> BodyChunk? {
            var pieces = body?.makeAsyncIterator()
            return try await pieces?.next()
        }

        private mutating func close() {
            body = nil
            ready = []
            lines = WatchLines(limitBytes: client.settings.watchLineLimitBytes)
        }

        /// Waits where trying again may help.
        /// - Throws: The error where it does not.
        private mutating func recover(from error: KubernetesError) async throws(KubernetesError) {
            switch error.kind {
            case .tooManyRequests(let wait, _): try await pause(atLeast: wait ?? .zero)
            case .unreachable, .timeout, .serverError(retryable: true): try await pause()
            default: throw error
            }
        }

        private mutating func pause(atLeast least: Duration = .zero) async throws(KubernetesError) {
            failures += 1
            let wait = Swift.max(Retry.backoff(failures, base: .milliseconds(250)), Swift.min(least, Retry.longestWait))
            let spread = client.jitter.withLock { $0.fraction(of: wait / 2) }
            do { try await client.clock.sleep(wait + spread) } catch {
                throw KubernetesError(.cancelled, request: asked.title, message: "cancelled")
            }
        }

        /// What a refused watch says, read within a bound.
        private static func refusal(_ asked: AskedRequest, _ answer: StreamingAnswer) async -> KubernetesError {
            var body: [UInt8] = []
            var pieces = answer.body.makeAsyncIterator()
            // A text that is cut is still better than none.
            while body.count < 64 << 10, let piece = try? await pieces.next() { body += piece.bytes }
            return KubernetesError(asked, status: answer.status, headers: Array(answer.headers), body: body)
        }
    }
}

extension KubernetesClient {
    /// Up to a tenth longer than asked for, so that many watches do not end at once.
    func watchLength() -> Duration {
        let length = max(settings.watchLength, .seconds(1))
        return length + jitter.withLock { $0.fraction(of: length / 10) }
    }
}
