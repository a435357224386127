import Transport

/// How many tokens may be spent in an hour: a bucket that holds an hour's worth and fills evenly.
struct TokenBudget: Sendable {
    let tokensPerHour: Double
    private var left: Double
    private var filledAt: MonotonicTime

    /// - Parameter tokensPerHour: At least 1.
    init(tokensPerHour: Int, now: MonotonicTime) {
        self.tokensPerHour = Double(max(1, tokensPerHour))
        left = self.tokensPerHour
        filledAt = now
    }

    /// Takes what a request may cost at most; `false` where that is not left.
    mutating func reserve(_ tokens: Int, now: MonotonicTime) -> Bool {
        fill(now)
        guard Double(tokens) <= left else { return false }
        left -= Double(tokens)
        return true
    }

    /// Gives back what a request did not need, or takes what it needed more.
    mutating func settle(reserved: Int, used: Int) { left = min(left + Double(reserved - used), tokensPerHour) }

    private mutating func fill(_ now: MonotonicTime) {
        guard now > filledAt else { return }
        left = min(left + Double(now.nanoseconds - filledAt.nanoseconds) / 3.6e12 * tokensPerHour, tokensPerHour)
        filledAt = now
    }
}

extension Prompt {
    /// Tokens an answer to it can cost: of its text at most one for each byte, and mostly one for four.
    var mostTokens: Int { text.utf8.count / 2 + maximumOutputTokens }
}
