public import Measurements

/// Stops asking a server that only fails, and asks again with one request after a while.
public struct CircuitBreaker: Sendable, Hashable {
    public struct Settings: Sendable, Hashable {
        /// Failures in a row that open it, at least 1.
        public var failures: Int
        /// How long it stays open.
        public var rest: Nanoseconds

        public init(failures: Int = 20, rest: Nanoseconds = Nanoseconds(seconds: 5)) {
            self.failures = failures
            self.rest = rest
        }
    }

    public enum State: Sendable, Hashable {
        case closed
        /// No request goes before this time.
        case open(until: Nanoseconds)
        /// One request is under way, and decides.
        case trial
    }

    public let settings: Settings
    public private(set) var state = State.closed
    /// How often it has opened.
    public private(set) var openings = 0
    private var failuresInARow = 0

    public init(_ settings: Settings) { self.settings = settings }

    /// Asks whether a request may go now; a `true` counts as going.
    public mutating func admit(at now: Nanoseconds) -> Bool {
        switch state {
        case .closed: return true
        case .trial: return false
        case .open(let until):
            guard now >= until else { return false }
            state = .trial
            return true
        }
    }

    /// When it is worth asking again; `nil` where it is closed.
    public func nextTry(at now: Nanoseconds) -> Nanoseconds? {
        switch state {
        case .closed: nil
        case .open(let until): max(until, now)
        case .trial: now + Nanoseconds(settings.rest.count / 10)
        }
    }

    /// What became of a request that was admitted. An answer of any content is a success: it is the server's health that counts.
    public mutating func record(succeeded: Bool, at now: Nanoseconds) {
        if succeeded {
            failuresInARow = 0
            if state == .trial { state = .closed }  // What was sent before it opened says nothing of now.
            return
        }
        failuresInARow += 1
        let opens = state == .trial || (state == .closed && failuresInARow >= max(1, settings.failures))
        guard opens else { return }
        openings += 1
        state = .open(until: now + settings.rest)
    }
}
