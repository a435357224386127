import BenchmarkResults
import Measurements
import Statistics

extension RunMaker {
    /// A stage of an open loop whose times vary around the given ones by up to a quarter, seeded.
    static func noisyStage(
        _ count: Int, label: String = "8 requests/s", first: Double = 0.2, perToken: Double = 0.01, failing: Int = 0, seed: UInt64 = 1
    ) -> BenchmarkStage {
        var generator = SplitMix64(seed: seed)
        func factor() -> Double { 0.75 + 0.5 * Double(generator.next() >> 11) / 0x1p53 }
        var records = (0..<count).map { index in
            record(
                at: Double(index) / 8, wait: 0.001 * factor(), first: first * factor(), perToken: perToken * factor(),
                tokens: 20 + Int(generator.next() % 20))
        }
        for index in 0..<failing { records[index * (count / failing)].measurement.error = InferenceError(type: "http_503", code: 503) }
        return stage(records, label: label, rate: 8)
    }

    static let objective = BenchmarkObjective(
        limits: [
            .init(metric: .timeToFirstToken, limit: Nanoseconds(milliseconds: 240)),
            .init(metric: .interTokenLatency, limit: Nanoseconds(milliseconds: 20)),
        ], attainment: 0.7)

    static let prices = PriceTable(
        asOf: "2026-11-01", source: "test", prices: [ModelPrice(model: "tiny", inputPerMillion: 1, outputPerMillion: 4)])

    static let options = SummaryOptions(objective: objective, prices: prices)
}
