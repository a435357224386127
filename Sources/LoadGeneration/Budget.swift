/// What a run may use up at most; `nil` is no bound. Attempts that failed count as requests, and for what they reported.
public struct Budget: Sendable, Hashable {
    public var requests: Int?
    /// Input and output together.
    public var tokens: Int?
    /// In the currency of the price; asks for a price.
    public var money: Double?
    public var price: TokenPrice?

    public init(requests: Int? = nil, tokens: Int? = nil, money: Double? = nil, price: TokenPrice? = nil) {
        self.requests = requests
        self.tokens = tokens
        self.money = money
        self.price = price
    }

    /// What is wrong with it; `nil` where it can be kept.
    public var problem: String? {
        if let requests, requests < 1 { return "a budget allows 1 request or more, got \(requests)" }
        if let tokens, tokens < 1 { return "a budget allows 1 token or more, got \(tokens)" }
        guard let money else { return nil }
        guard money > 0, money.isFinite else { return "a budget of money lies above 0, got \(money)" }
        return price == nil ? "a budget of money needs the price of the model's tokens" : nil
    }
}

/// What a model's tokens cost.
public struct TokenPrice: Sendable, Hashable {
    public var inputPerMillion: Double
    public var outputPerMillion: Double

    public init(inputPerMillion: Double, outputPerMillion: Double) {
        self.inputPerMillion = inputPerMillion
        self.outputPerMillion = outputPerMillion
    }

    public func cost(inputTokens: Int, outputTokens: Int) -> Double {
        (Double(inputTokens) * inputPerMillion + Double(outputTokens) * outputPerMillion) / 1e6
    }
}

/// Watches a budget. What is under way is counted as if it took all that was asked for, so that a bound holds however many requests are
/// under way at once.
public struct BudgetLedger: Sendable, Hashable {
    public let budget: Budget
    public private(set) var requests = 0
    /// Used, or promised to requests under way.
    public private(set) var tokens = 0
    /// Used, or promised to requests under way.
    public private(set) var money = 0.0

    public init(_ budget: Budget) { self.budget = budget }

    /// Promises what a request may take.
    /// - Returns: `false`, and nothing is promised, where the budget does not allow it.
    public mutating func reserve(inputTokens: Int, outputTokens: Int) -> Bool {
        let cost = budget.price?.cost(inputTokens: inputTokens, outputTokens: outputTokens) ?? 0
        let fits =
            budget.requests.map { requests < $0 } ?? true && budget.tokens.map { tokens + inputTokens + outputTokens <= $0 } ?? true
            && budget.money.map { money + cost <= $0 } ?? true
        guard fits else { return false }
        requests += 1
        tokens += inputTokens + outputTokens
        money += cost
        return true
    }

    /// Puts what a request took in the place of what it was promised.
    /// - Parameter used: As the server counted; `nil` where it did not, and the promise stands.
    public mutating func settle(reserved: (input: Int, output: Int), used: (input: Int?, output: Int?)) {
        let (input, output) = (used.input ?? reserved.input, used.output ?? reserved.output)
        tokens += input + output - reserved.input - reserved.output
        guard let price = budget.price else { return }
        money +=
            price.cost(inputTokens: input, outputTokens: output) - price.cost(inputTokens: reserved.input, outputTokens: reserved.output)
    }

    /// Takes back the promise of a request that was not sent.
    public mutating func release(inputTokens: Int, outputTokens: Int) {
        requests -= 1
        settle(reserved: (inputTokens, outputTokens), used: (0, 0))
    }

    /// Why nothing more may be sent, in words for people; for a run that ended because of it.
    public func exhaustion(inputTokens: Int, outputTokens: Int) -> String {
        if let limit = budget.requests, requests >= limit { return "the budget of \(limit) requests is used up" }
        if let limit = budget.tokens, tokens + inputTokens + outputTokens > limit {
            return "the budget of \(limit) tokens does not allow another request (\(tokens) used or promised)"
        }
        return "the budget of \(budget.money ?? 0) does not allow another request (\(money) used or promised)"
    }
}
