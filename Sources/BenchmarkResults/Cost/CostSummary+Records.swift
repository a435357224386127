import Measurements

extension CostSummary {
    /// What requests answered in full cost under a table.
    ///
    /// A request whose tokens nobody counted has no cost, nor has one of a model the table does not know. What providers charge for
    /// answers that broke off is not known and is not in it.
    init(of records: some Collection<RequestRecord>, prices: PriceTable) {
        self.init(currency: prices.currency)
        var tokens = (input: 0, output: 0)
        var sum = 0.0
        var unknownModels: Set<String> = []
        var known: [String: ModelPrice?] = [:]
        for record in records where record.measurement.succeeded {
            let measurement = record.measurement
            let name = "\(measurement.provider) \(measurement.model)"
            let price = known[name] ?? prices.price(provider: measurement.provider, model: measurement.model)
            known[name] = .some(price)
            guard let price else {
                unknownModels.insert(measurement.model)
                unpricedRequests += 1
                continue
            }
            guard let input = measurement.inputTokens, let output = measurement.outputTokens else {
                unpricedRequests += 1
                continue
            }
            sum += price.cost(input: input, cachedInput: record.cachedInputTokens ?? 0, output: output)
            tokens = (tokens.input + input, tokens.output + output)
            pricedRequests += 1
            if record.tokensAreEstimated { isEstimated = true }
        }
        unknown = Self.reason(unknownModels: unknownModels, unpriced: unpricedRequests)
        guard pricedRequests > 0 else { return }
        pricesAsOf = prices.asOf
        total = sum
        perRequest = sum / Double(pricedRequests)
        if tokens.input + tokens.output > 0 { per1000Tokens = 1_000 * sum / Double(tokens.input + tokens.output) }
        if tokens.output > 0 { per1000OutputTokens = 1_000 * sum / Double(tokens.output) }
    }

    private static func reason(unknownModels: Set<String>, unpriced: Int) -> String? {
        guard unpriced > 0 else { return nil }
        guard !unknownModels.isEmpty else { return "\(unpriced) requests do not tell their tokens" }
        let names = unknownModels.sorted().prefix(3).map { "'\(ForeignText.printable($0))'" }.joined(separator: ", ")
        return "no price is known for \(names)\(unknownModels.count > 3 ? ", …" : "")"
    }
}
