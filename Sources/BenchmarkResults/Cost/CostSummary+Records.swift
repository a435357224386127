import Measurements
import Statistics

extension CostSummary {
    /// What requests answered in full cost under a table.
    ///
    /// A request whose tokens nobody counted has no cost, nor has one of a model the table does not know. What providers charge for
    /// answers that broke off is not known and is not in it.
    init(of records: some Collection<RequestRecord>, prices: PriceTable, confidence: Double) {
        self.init(currency: prices.currency)
        var tokens = (input: 0, output: 0)
        var costs: [Double] = []
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
            guard let input = measurement.inputTokens?.plausibleTokens, let output = measurement.outputTokens?.plausibleTokens else {
                unpricedRequests += 1
                continue
            }
            costs.append(price.cost(input: input, cachedInput: record.cachedInputTokens ?? 0, output: output))
            tokens = (tokens.input + input, tokens.output + output)
            pricedRequests += 1
            pricesAsOf = min(pricesAsOf ?? price.asOf, price.asOf)
            if record.tokensAreEstimated { isEstimated = true }
        }
        unknown = Self.reason(unknownModels: unknownModels, unpriced: unpricedRequests)
        guard pricedRequests > 0 else { return }
        let sum = costs.reduce(0, +)
        total = sum
        perRequest = sum / Double(pricedRequests)
        perRequestInterval = BatchedMean(costs)?.interval(confidence: confidence)
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
