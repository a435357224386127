import Documents
import Measurements
import TestSupport
import Testing

@testable import BenchmarkResults

@Suite struct CostTests {
    private static let file = """
        # prices of our contract
        asOf: 2026-10-01
        currency: USD
        source: contract
        prices:
        - model: gpt-4o*
          provider: openai
          input: 2
          cachedInput: 1
          output: 8
        - {model: tiny, input: 0, output: 0}
        """

    @Test("a price file goes before the bundled prices, and a longer name before a shorter")
    func lookUp() throws {
        let table = PriceTable.bundled.overridden(by: try PriceFile.table(Self.file))
        let price = try #require(table.price(provider: "openai", model: "gpt-4o-2024-11-20"))
        #expect(price.inputPerMillion == 2 && price.asOf == "2026-10-01" && price.source == "contract")
        #expect(table.price(provider: "openai", model: "gpt-4o-mini")?.inputPerMillion == 2, "the file covers every name that begins so")
        #expect(table.price(provider: "anthropic", model: "claude-sonnet-4-20250514")?.outputPerMillion == 15)
        #expect(PriceTable.bundled.price(provider: "openai", model: "gpt-4o-mini-2024")?.inputPerMillion == 0.15)
        #expect(PriceTable.bundled.price(provider: "openai", model: "gpt-4o-transcribe") == nil, "another model of a similar name")
        #expect(PriceTable.bundled.price(provider: "azure", model: "gpt-4o") == nil, "another provider may charge another price")
        #expect(table.price(provider: "vllm", model: "tiny")?.inputPerMillion == 0)
        #expect(table.price(provider: "vllm", model: "llama") == nil)
    }

    @Test("a table in another currency stands alone")
    func currency() throws {
        let euros = try PriceFile.table("{asOf: 2026-10-01, currency: EUR, prices: [{model: a, input: 1, output: 2}]}")
        let table = PriceTable.bundled.overridden(by: euros)
        #expect(table.currency == "EUR" && table.price(provider: "openai", model: "gpt-4o") == nil)
    }

    @Test("cached tokens cost what the cache costs, and never more than all of them are cached")
    func cached() {
        let price = ModelPrice(model: "a", inputPerMillion: 2, outputPerMillion: 8, cachedInputPerMillion: 1)
        #expect(abs(price.cost(input: 1_000, cachedInput: 400, output: 100) - 0.0024) < 1e-12)
        #expect(price.cost(input: 1_000, cachedInput: 5_000, output: 0) == 0.001)
    }

    @Test("an unknown model has no cost; a free one costs zero; requests without tokens are not priced")
    func unknown() throws {
        var stage = RunMaker.noisyStage(100)
        let unknown = BenchmarkSummary(RunMaker.run([stage])).stages[0].whole.cost
        #expect(unknown.total == nil && unknown.perRequest == nil && unknown.unknown == "no price is known for 'tiny'")
        let free = PriceTable.bundled.overridden(by: try PriceFile.table(Self.file))
        let priced = BenchmarkSummary(RunMaker.run([stage]), options: SummaryOptions(prices: free)).stages[0].whole.cost
        #expect(priced.total == 0 && priced.pricesAsOf == "2026-10-01" && priced.unknown == nil)
        stage.records[3].measurement.outputTokens = nil
        let partly = BenchmarkSummary(RunMaker.run([stage]), options: RunMaker.options).stages[0].whole.cost
        #expect(partly.pricedRequests == 99 && partly.unpricedRequests == 1 && partly.unknown == "1 requests do not tell their tokens")
        let tokens = stage.records.compactMap { record in record.measurement.outputTokens.map { ($0, 64) } }
        let sum = tokens.reduce(0.0) { $0 + (Double($1.0) * 4 + Double($1.1)) / 1e6 }
        #expect(partly.total.map { abs($0 - sum) < 1e-12 } == true)
        let all = Double(tokens.reduce(0) { $0 + $1.0 + $1.1 })
        #expect(partly.per1000Tokens.map { abs($0 - 1_000 * sum / all) < 1e-12 } == true)
    }

    @Test("everything that is wrong with a price file is told at once, with its place")
    func problems() throws {
        let wrong = """
            currency: USD
            asof: 2026-10-01
            prices:
            - model: gpt-*-mini
              input: cheap
            - {model: a, input: -1, output: .nan, colour: red}
            - 7
            - {input: 1, output: 2}
            """
        do {
            _ = try PriceFile.table(wrong)
            Issue.record("was read")
        } catch let error as PriceFileError {
            try expectGolden(error.description + "\n", "price-problems.txt")
        }
        #expect(throws: PriceFileError.self) { try PriceFile.table("[]") }
        #expect(throws: PriceFileError.self) { try PriceFile.table("") }
        #expect(throws: DocumentError.self) { try PriceFile.table("prices: [") }
        #expect(throws: PriceFileError.self) { try PriceFile.table("{asOf: 2026-02-30, prices: []}") }
    }
}
