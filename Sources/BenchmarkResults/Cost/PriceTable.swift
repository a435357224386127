/// What models cost, as of a day.
public struct PriceTable: Sendable, Hashable {
    /// ISO 4217.
    public var currency: String
    /// The rows, later ones before earlier ones.
    public var prices: [ModelPrice]

    /// - Parameters:
    ///   - asOf: `YYYY-MM-DD`, the day the prices were looked up.
    ///   - source: Where they are from.
    public init(currency: String = "USD", asOf: String, source: String, prices: [ModelPrice]) {
        self.currency = currency
        self.prices = prices.map { price in
            var dated = price
            (dated.asOf, dated.source) = (asOf, source)
            return dated
        }
    }

    /// The price of a model: that of its own name, else that of the longest beginning of it that the table knows.
    ///
    /// Of rows for one name the last counts, and one for the provider before one for any.
    /// - Returns: `nil` where the table does not know the model; never a price of zero instead.
    public func price(provider: String, model: String) -> ModelPrice? {
        var best: ModelPrice?
        for price in prices where price.isFor(provider: provider, model: model) && price.rank >= best?.rank ?? (0, 0, 0) { best = price }
        return best
    }

    /// This table with the rows of another before its own: a name known to both costs what the other says.
    ///
    /// A table in another currency replaces this one, since its rows do not add up with these.
    public func overridden(by other: PriceTable) -> PriceTable {
        guard other.currency == currency else { return other }
        var result = self
        // What the other says of beginnings of names also goes before an exact name of this one.
        result.prices.removeAll { own in other.prices.contains { $0.covers(own) } }
        result.prices += other.prices
        return result
    }
}

/// What one model costs per million tokens.
public struct ModelPrice: Sendable, Hashable {
    /// As measurements name it; `nil` for any provider.
    public var provider: String?
    /// A name, or the beginning of one and `*`.
    public var model: String
    public var inputPerMillion: Double
    public var outputPerMillion: Double
    /// Of input tokens that were in the provider's cache; `nil` where they cost as much as others.
    public var cachedInputPerMillion: Double?
    /// `YYYY-MM-DD`; set by the table.
    public internal(set) var asOf = ""
    /// Set by the table.
    public internal(set) var source = ""

    public init(
        provider: String? = nil, model: String, inputPerMillion: Double, outputPerMillion: Double, cachedInputPerMillion: Double? = nil
    ) {
        self.provider = provider
        self.model = model
        self.inputPerMillion = inputPerMillion
        self.outputPerMillion = outputPerMillion
        self.cachedInputPerMillion = cachedInputPerMillion
    }

    /// The cost of one request; input tokens include the cached ones.
    public func cost(input: Int, cachedInput: Int, output: Int) -> Double {
        let cached = min(max(cachedInput, 0), max(input, 0))
        let cachedPrice = cachedInputPerMillion ?? inputPerMillion
        let tokens = Double(input - cached) * inputPerMillion + Double(cached) * cachedPrice + Double(output) * outputPerMillion
        return tokens / 1_000_000
    }

    private var isPattern: Bool { model.hasSuffix("*") }

    func isFor(provider: String, model: String) -> Bool {
        guard self.provider == nil || self.provider == provider else { return false }
        return isPattern ? model.hasPrefix(self.model.dropLast()) : model == self.model
    }

    /// An exact name before a beginning, a longer beginning before a shorter, a provider before any.
    var rank: (Int, Int, Int) { (isPattern ? 0 : 1, model.utf8.count, provider == nil ? 0 : 1) }

    /// Whether this row says what every model of another costs.
    func covers(_ other: ModelPrice) -> Bool {
        guard provider == nil || provider == other.provider else { return false }
        guard isPattern else { return model == other.model }
        return (other.isPattern ? String(other.model.dropLast()) : other.model).hasPrefix(model.dropLast())
    }
}
