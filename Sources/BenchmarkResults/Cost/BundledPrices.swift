extension PriceTable {
    /// List prices of a few well-known models; for any other, for rates of one's own and for today's, give a price file.
    ///
    /// Without discounts, batch rates, surcharges for long prompts and the price of writing to a cache.
    public static let bundled = openAI.overridden(by: anthropic)

    private static let openAI = PriceTable(
        asOf: "2026-06-21", source: "openai.com/api/pricing",
        prices: dated("gpt-4o", year: 2024, 2.5, 10, 1.25) + dated("gpt-4o-mini", year: 2024, 0.15, 0.6, 0.075)
            + dated("gpt-4.1", year: 2025, 2, 8, 0.5) + dated("gpt-4.1-mini", year: 2025, 0.4, 1.6, 0.1)
            + dated("gpt-4.1-nano", year: 2025, 0.1, 0.4, 0.025) + dated("gpt-5", year: 2025, 1.25, 10, 0.125)
            + dated("gpt-5-mini", year: 2025, 0.25, 2, 0.025) + dated("gpt-5-nano", year: 2025, 0.05, 0.4, 0.005)
            + dated("o3", year: 2025, 2, 8, 0.5) + dated("o4-mini", year: 2025, 1.1, 4.4, 0.275))

    private static let anthropic = PriceTable(
        asOf: "2026-10-10", source: "platform.claude.com/docs/en/about-claude/pricing",
        prices: [
            row("anthropic", "claude-3-5-haiku*", 0.8, 4, 0.08), row("anthropic", "claude-3-7-sonnet*", 3, 15, 0.3),
            row("anthropic", "claude-sonnet-4*", 3, 15, 0.3), row("anthropic", "claude-haiku-4-5*", 1, 5, 0.1),
            row("anthropic", "claude-opus-4-1*", 15, 75, 1.5), row("anthropic", "claude-opus-4-5*", 5, 25, 0.5),
            row("anthropic", "claude-opus-4-6*", 5, 25, 0.5), row("anthropic", "claude-opus-4-7*", 5, 25, 0.5),
            row("anthropic", "claude-opus-4-8*", 5, 25, 0.5),
        ])

    /// A model of OpenAI and its dated snapshots; other names that begin so are other models.
    private static func dated(_ model: String, year: Int, _ input: Double, _ output: Double, _ cached: Double) -> [ModelPrice] {
        [row("openai", model, input, output, cached), row("openai", "\(model)-\(year)*", input, output, cached)]
    }

    private static func row(_ provider: String, _ model: String, _ input: Double, _ output: Double, _ cached: Double) -> ModelPrice {
        ModelPrice(provider: provider, model: model, inputPerMillion: input, outputPerMillion: output, cachedInputPerMillion: cached)
    }
}
