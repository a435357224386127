import LoadGeneration
import Measurements
import Statistics
import Testing

@Suite("Limits, retries and budgets")
struct LimitTests {
    @Test("no minute holds more requests than the limit and its burst allow")
    func requestsPerMinute() {
        var limiter = RateLimiter(RateLimits(requestsPerMinute: 120, burstSeconds: 2))
        let times = (0..<300).map { _ in limiter.book(tokens: 1, at: Nanoseconds(0)) }
        #expect(times.prefix(4).allSatisfy { $0 == Nanoseconds(0) })
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
        for start in times { #expect(times.count { $0 >= start && $0 < start + Nanoseconds(seconds: 60) } <= 125) }
        #expect(abs((times[299] - times[3]).seconds - 148) < 0.01)
    }

    @Test("tokens are booked by estimate and corrected by what an answer took")
    func tokensPerMinute() {
        var limiter = RateLimiter(RateLimits(tokensPerMinute: 6_000))
        let first = limiter.book(tokens: 100, at: Nanoseconds(0))
        var other = limiter
        let uncorrected = other.book(tokens: 100, at: Nanoseconds(0))
        limiter.settle(estimate: 100, actual: 50)
        let corrected = limiter.book(tokens: 100, at: Nanoseconds(0))
        #expect(first == Nanoseconds(0) && abs(uncorrected.seconds - 1) < 1e-6 && abs(corrected.seconds - 0.5) < 1e-6)
    }

    @Test("a request larger than the bucket goes once the bucket is full, and is paid for afterwards")
    func largeRequest() {
        var bucket = TokenBucket(perSecond: 10, capacity: 10)
        let large = bucket.draw(50, at: Nanoseconds(0))
        let next = bucket.draw(1, at: Nanoseconds(0))
        #expect(large == Nanoseconds(0) && abs(next.seconds - 4.1) < 1e-6)
    }

    @Test("waits are drawn from nothing up to a ceiling that doubles, and attempts end", arguments: UInt64(1)...3)
    func backoff(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let policy = RetryPolicy(maximumAttempts: 5, base: Nanoseconds(seconds: 1), longest: Nanoseconds(seconds: 3))
        let error = InferenceError(type: "http_503", code: 503)
        for (attempts, ceiling) in [(1, 1.0), (2, 2), (3, 3), (4, 3)] {
            let waits = (0..<2_000).compactMap { _ in policy.wait(after: error, attempts: attempts, retryAfter: nil, &generator)?.seconds }
            #expect(waits.count == 2_000 && waits.allSatisfy { $0 >= 0 && $0 <= ceiling })
            #expect(abs(waits.reduce(0, +) / 2_000 - ceiling / 2) < 0.1, "seed \(seed)")
        }
        let last = policy.wait(after: error, attempts: 5, retryAfter: nil, &generator)
        #expect(last == nil)
    }

    @Test("a server's own wish is kept, unless it takes too long")
    func retryAfter() {
        var generator = SplitMix64(seed: 1)
        let policy = RetryPolicy(maximumAttempts: 3, base: Nanoseconds(seconds: 1), longest: Nanoseconds(seconds: 60))
        let limited = InferenceError(type: "http_429", code: 429)
        let wait = policy.wait(after: limited, attempts: 1, retryAfter: Nanoseconds(seconds: 7), &generator)
        let tooLong = policy.wait(after: limited, attempts: 1, retryAfter: Nanoseconds(seconds: 61), &generator)
        #expect(wait == Nanoseconds(seconds: 7) && tooLong == nil)
    }

    @Test("what would fail again is not tried again")
    func notWorthwhile() {
        var generator = SplitMix64(seed: 1)
        let policy = RetryPolicy(maximumAttempts: 9)
        func isRetried(_ error: InferenceError, _ policy: RetryPolicy) -> Bool {
            policy.wait(after: error, attempts: 1, retryAfter: nil, &generator) != nil
        }
        let lasting = [("http_400", 400), ("ended_early", nil), ("http_401", 401)].map {
            isRetried(InferenceError(type: $0, code: $1), policy)
        }
        let passing = isRetried(InferenceError(type: "unreachable"), policy)
        let never = isRetried(InferenceError(type: "unreachable"), .never)
        #expect(lasting == [false, false, false] && passing && !never)
    }

    @Test("a breaker opens after failures in a row, lets one request try, and closes or opens by it")
    func breaker() {
        var breaker = CircuitBreaker(.init(failures: 3, rest: Nanoseconds(seconds: 5)))
        func at(_ seconds: Double) -> Nanoseconds { Nanoseconds(seconds: seconds) }
        for succeeded in [false, false, true, false, false] { breaker.record(succeeded: succeeded, at: at(0)) }
        let stillClosed = breaker.admit(at: at(0))
        breaker.record(succeeded: false, at: at(1))
        let whileOpen = breaker.admit(at: at(5.9))
        #expect(stillClosed && !whileOpen && breaker.nextTry(at: at(2)) == at(6))
        breaker.record(succeeded: true, at: at(3))
        let afterOldAnswer = breaker.admit(at: at(5))
        #expect(!afterOldAnswer, "what was sent before it opened does not close it")
        let trials = (0..<2).map { _ in breaker.admit(at: at(6)) }
        #expect(trials == [true, false], "one request tries")
        breaker.record(succeeded: false, at: at(7))
        let later = [at(11), at(12)].map { breaker.admit(at: $0) }
        breaker.record(succeeded: true, at: at(13))
        let closedAgain = breaker.admit(at: at(13))
        #expect(later == [false, true] && closedAgain && breaker.state == .closed && breaker.openings == 2)
    }

    @Test("a budget is never exceeded by what is under way, and gives back what was not used")
    func budget() {
        let price = TokenPrice(inputPerMillion: 1_000_000, outputPerMillion: 2_000_000)
        var ledger = BudgetLedger(Budget(money: 10, price: price))
        let first = [ledger.reserve(inputTokens: 2, outputTokens: 2), ledger.reserve(inputTokens: 1, outputTokens: 2)]
        ledger.settle(reserved: (2, 2), used: (2, 1))
        let left = ledger.money
        let second = [ledger.reserve(inputTokens: 2, outputTokens: 2), ledger.reserve(inputTokens: 1, outputTokens: 0)]
        #expect(first == [true, false] && left == 4 && second == [true, false] && ledger.money == 10)
        var requests = BudgetLedger(Budget(requests: 1))
        let counted = (0..<2).map { _ in requests.reserve(inputTokens: 1, outputTokens: 1) }
        var tokens = BudgetLedger(Budget(tokens: 10))
        let booked = [tokens.reserve(inputTokens: 5, outputTokens: 5), tokens.reserve(inputTokens: 0, outputTokens: 1)]
        tokens.settle(reserved: (5, 5), used: (nil, nil))
        #expect(counted == [true, false] && booked == [true, false])
        #expect(tokens.tokens == 10, "what no server counted stands as promised")
        #expect(Budget(money: 1).problem != nil && Budget(requests: 0).problem != nil && Budget().problem == nil)
    }
}
