public import Measurements

/// What a provider allows in a minute; `nil` is no limit.
public struct RateLimits: Sendable, Hashable {
    public var requestsPerMinute: Double?
    /// Input and output together.
    public var tokensPerMinute: Double?
    /// How much of a minute's allowance may be used at once, in seconds; above 0. Providers that count over a minute forgive bursts, those
    /// that count over a second do not.
    public var burstSeconds: Double

    public init(requestsPerMinute: Double? = nil, tokensPerMinute: Double? = nil, burstSeconds: Double = 1) {
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.burstSeconds = burstSeconds
    }

    /// What is wrong with its numbers; `nil` where they can be kept.
    public var problem: String? {
        for rate in [requestsPerMinute, tokensPerMinute].compactMap(\.self) where !(rate > 0 && rate.isFinite) {
            return "a limit lies above 0 a minute, got \(rate)"
        }
        return burstSeconds > 0 && burstSeconds <= 3_600 ? nil : "a burst lies above 0 s and at most at an hour, got \(burstSeconds) s"
    }
}

/// A bucket that fills evenly and is drawn from; it may go below empty, and the next draw then waits.
public struct TokenBucket: Sendable, Hashable {
    public let perSecond: Double
    public let capacity: Double
    private var level: Double
    private var time: Nanoseconds

    /// - Parameter perSecond: Above 0.
    /// - Parameter capacity: At least 1; full at the beginning.
    public init(perSecond: Double, capacity: Double, at time: Nanoseconds = Nanoseconds(0)) {
        precondition(perSecond > 0 && capacity >= 1, "a bucket fills and holds something, got \(perSecond) a second and \(capacity)")
        self.perSecond = perSecond
        self.capacity = capacity
        level = capacity
        self.time = time
    }

    /// Draws an amount, of which more than the bucket holds is drawn once it is full.
    /// - Returns: When it may be used: now, or when enough will have flown in. Draws are served in the order in which they are made.
    public mutating func draw(_ amount: Double, at now: Nanoseconds) -> Nanoseconds {
        fill(at: now)
        let lacking = min(amount, capacity) - level
        level -= amount
        return lacking <= 0 ? now : time + Nanoseconds(seconds: lacking / perSecond)
    }

    /// Puts back what was drawn and not used; draws more where the amount is negative.
    public mutating func giveBack(_ amount: Double) { level = min(capacity, level + amount) }

    private mutating func fill(at now: Nanoseconds) {
        guard now > time else { return }
        level = min(capacity, level + (now - time).seconds * perSecond)
        time = now
    }
}

/// Keeps requests within a provider's limits: tells when each may be sent.
public struct RateLimiter: Sendable, Hashable {
    private var requests: TokenBucket?
    private var tokens: TokenBucket?

    /// - Parameter limits: Ones without a ``RateLimits/problem``.
    public init(_ limits: RateLimits) {
        func bucket(_ perMinute: Double?) -> TokenBucket? {
            perMinute.map { TokenBucket(perSecond: $0 / 60, capacity: max(1, $0 / 60 * limits.burstSeconds)) }
        }
        requests = bucket(limits.requestsPerMinute)
        tokens = bucket(limits.tokensPerMinute)
    }

    /// Books a request.
    /// - Parameter estimate: Tokens it may take: input and the output asked for.
    /// - Returns: When it may be sent.
    public mutating func book(tokens estimate: Int, at now: Nanoseconds) -> Nanoseconds {
        let first = requests?.draw(1, at: now) ?? now
        let second = tokens?.draw(Double(estimate), at: now) ?? now
        return max(first, second)
    }

    /// Corrects a booking by what the answer took.
    public mutating func settle(estimate: Int, actual: Int) { tokens?.giveBack(Double(estimate - actual)) }
}
