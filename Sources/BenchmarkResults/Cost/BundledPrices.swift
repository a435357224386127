extension PriceTable {
    /// List prices of a few well-known models, from the providers' price pages; for anything else, and for today's, give a price file.
    public static let bundled = PriceTable(
        asOf: "2025-11-01", source: "list prices published by the providers, without discounts, batch rates and long-context surcharges",
        prices: openAI + anthropic + gemini + cohere)

    private static let openAI = [
        row("openai", "gpt-4o*", 2.5, 10, 1.25), row("openai", "gpt-4o-mini*", 0.15, 0.6, 0.075),
        row("openai", "gpt-4.1", 2, 8, 0.5), row("openai", "gpt-4.1-mini*", 0.4, 1.6, 0.1), row("openai", "gpt-4.1-nano*", 0.1, 0.4, 0.025),
        row("openai", "gpt-5", 1.25, 10, 0.125), row("openai", "gpt-5-mini*", 0.25, 2, 0.025),
        row("openai", "gpt-5-nano*", 0.05, 0.4, 0.005),
        row("openai", "o3", 2, 8, 0.5), row("openai", "o4-mini*", 1.1, 4.4, 0.275),
    ]

    private static let anthropic = [
        row("anthropic", "claude-3-5-haiku*", 0.8, 4, 0.08), row("anthropic", "claude-3-5-sonnet*", 3, 15, 0.3),
        row("anthropic", "claude-3-7-sonnet*", 3, 15, 0.3), row("anthropic", "claude-sonnet-4*", 3, 15, 0.3),
        row("anthropic", "claude-haiku-4-5*", 1, 5, 0.1), row("anthropic", "claude-opus-4-1*", 15, 75, 1.5),
    ]

    private static let gemini = [
        row("google", "gemini-2.0-flash", 0.1, 0.4, 0.025), row("google", "gemini-2.5-flash", 0.3, 2.5, 0.075),
        row("google", "gemini-2.5-flash-lite*", 0.1, 0.4, 0.025),
    ]

    private static let cohere = [
        row("cohere", "command-r-plus*", 2.5, 10, nil), row("cohere", "command-r7b*", 0.0375, 0.15, nil),
        row("cohere", "command-a-03-2025", 2.5, 10, nil),
    ]

    private static func row(_ provider: String, _ model: String, _ input: Double, _ output: Double, _ cached: Double?) -> ModelPrice {
        ModelPrice(provider: provider, model: model, inputPerMillion: input, outputPerMillion: output, cachedInputPerMillion: cached)
    }
}
