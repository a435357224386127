public import Measurements
import Synchronization
public import Transport

/// A server on this machine that streams tokens at known moments and writes down when it wrote the first of each answer: what a client
/// measures against it beyond that is the client's own error.
///
/// It speaks as much of OpenAI's chat interface as a streaming client needs, listens on the loopback interface only, and does all of its
/// work on one thread, whose processor time it knows.
public final class ReferenceServer: Sendable {
    /// When answers are written.
    public struct Timing: Sendable, Hashable {
        /// From the request's last byte to the first token.
        public var firstToken: Nanoseconds
        /// From a token to the next; with 0 an answer is written at once.
        public var perToken: Nanoseconds
        /// In which nothing is read or written: `after` the first request, for `length`.
        public var freeze: Freeze?

        public struct Freeze: Sendable, Hashable {
            public var after: Nanoseconds
            public var length: Nanoseconds

            public init(after: Nanoseconds, length: Nanoseconds) {
                self.after = after
                self.length = length
            }
        }

        public init(firstToken: Nanoseconds, perToken: Nanoseconds, freeze: Freeze? = nil) {
            self.firstToken = firstToken
            self.perToken = perToken
            self.freeze = freeze
        }
    }

    /// What it has seen and done.
    public struct Log: Sendable {
        /// When the first token of a request was handed to the socket, by the number its last message begins with; the first million.
        public internal(set) var firstWrites: [Int: MonotonicTime] = [:]
        /// When the last bytes of requests came, in order; the first million.
        public internal(set) var arrivals: [MonotonicTime] = []
        public internal(set) var connections = 0
        /// Requests that were no prompts, such as those that open a connection.
        public internal(set) var otherRequests = 0
        /// Prompts answered to the end.
        public internal(set) var answered = 0
        /// Of its thread, since the start.
        public internal(set) var cpuSeconds = 0.0

        enum Entry: Sendable {
            case connection
            case otherRequest
            case arrival(MonotonicTime)
            case firstWrite(Int, MonotonicTime)
            case answered
        }

        static let limit = 1_000_000

        mutating func add(_ entry: Entry) {
            switch entry {
            case .connection: connections += 1
            case .otherRequest: otherRequests += 1
            case .arrival(let time): if arrivals.count < Self.limit { arrivals.append(time) }
            case .firstWrite(let number, let time): if firstWrites.count < Self.limit { firstWrites[number] = time }
            case .answered: answered += 1
            }
        }
    }

    public let port: Int
    /// What clients are given as the base of the API.
    public var endpoint: String { "http://127.0.0.1:\(port)/v1" }

    private let stopping: WakeUp
    private let shared = Shared()

    /// Starts to listen.
    /// - Throws: ``SystemFailure`` where the system gives no socket or no thread.
    public init(_ timing: Timing) throws(SystemFailure) {
        let listener = try ListeningSocket()
        port = listener.port
        stopping = try WakeUp()
        let shared = shared
        let loop = try ReferenceLoop(listener: listener, stopping: stopping, timing: timing) { entries in
            shared.log.withLock { log in
                for entry in entries { log.add(entry) }
                log.cpuSeconds = ProcessorTime.ofThread
            }
        }
        do {
            try SystemThread.start("reference") { loop.run() }
        } catch {
            throw SystemFailure(description: error.description)
        }
    }

    deinit { stopping.signal() }

    /// As far as it is.
    public var log: Log { shared.log.withLock { $0 } }

    /// Closes all connections and ends the thread, soon.
    public func stop() { stopping.signal() }

    /// Outlives the server while its thread ends.
    private final class Shared: Sendable {
        let log = Mutex(Log())
    }
}

/// A system call that failed, in the system's words.
public struct SystemFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
}
