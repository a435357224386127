public import Statistics

/// What requests cost, as far as prices and tokens are known. Never zero for want of a price.
public struct CostSummary: Sendable, Hashable, Codable {
    /// ISO 4217.
    public var currency: String
    /// Of the requests that could be priced; `nil` where none could.
    public var total: Double?
    public var perRequest: Double?
    public var perRequestInterval: ConfidenceInterval?
    /// Over input and output tokens together.
    public var per1000Tokens: Double?
    public var per1000OutputTokens: Double?
    public var pricedRequests: Int
    public var unpricedRequests: Int
    /// Why some requests have no price; `nil` where all have.
    public var unknown: String?
    /// Whether tokens that were paid for are an estimate.
    public var isEstimated: Bool
    /// The oldest day of the prices used, `YYYY-MM-DD`; `nil` where none was.
    public var pricesAsOf: String?

    public init(currency: String) {
        self.currency = currency
        pricedRequests = 0
        unpricedRequests = 0
        isEstimated = false
    }
}
