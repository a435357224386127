/// What models cost, as of a day.
public struct PriceTable: Sendable, Hashable {
    /// ISO 4217.
    public var currency: String
    /// `YYYY-MM-DD`; the day the prices were looked up.
    public var asOf: String
    public var source: String
    public var prices: [ModelPrice]

    public init(currency: String = "USD", asOf: String, source: String, prices: [ModelPrice]) {
        self.currency = currency
        self.asOf = asOf
        self.source = source
        self.prices = prices
    }

    /// The price of a model: that of its own name, else the longest pattern ending in `*` that its name begins with.
    ///
    /// - Returns: `nil` where the table does not know the model; never a price of zero instead.
    public func price(provider: String, model: String) -> ModelPrice? {
        let candidates = prices.filter { $0.provider == nil || $0.provider == provider }
        if let exact = candidates.last(where: { $0.model == model }) { return exact }
        return candidates.filter { $0.isPattern && model.hasPrefix($0.model.dropLast()) }
            .max { $0.model.utf8.count < $1.model.utf8.count }
    }

    /// The rows of another table in front of this one's: a name given by both costs what the other says.
    public func overridden(by other: PriceTable) -> PriceTable {
        PriceTable(currency: other.currency, asOf: other.asOf, source: other.source, prices: prices + other.prices)
    }
}

/// What one model costs per million tokens.
public struct ModelPrice: Sendable, Hashable {
    /// As in a run's ``Measurements/ModelFacts``; `nil` for any provider.
    public var provider: String?
    /// A name, or the beginning of one and `*`.
    public var model: String
    public var inputPerMillion: Double
    public var outputPerMillion: Double
    /// Of input tokens that were in the provider's cache; `nil` where they cost as much as others.
    public var cachedInputPerMillion: Double?

    public init(
        provider: String? = nil, model: String, inputPerMillion: Double, outputPerMillion: Double, cachedInputPerMillion: Double? = nil
    ) {
        self.provider = provider
        self.model = model
        self.inputPerMillion = inputPerMillion
        self.outputPerMillion = outputPerMillion
        self.cachedInputPerMillion = cachedInputPerMillion
    }

    var isPattern: Bool { model.hasSuffix("*") }

    /// The cost of one request; input tokens include the cached ones.
    public func cost(input: Int, cachedInput: Int, output: Int) -> Double {
        let cached = min(max(cachedInput, 0), input)
        let cachedPrice = cachedInputPerMillion ?? inputPerMillion
        return (Double(input - cached) * inputPerMillion + Double(cached) * cachedPrice + Double(output) * outputPerMillion) / 1_000_000
    }
}
