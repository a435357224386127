import FoundationEssentials
import Measurements
import Simulation
import TestSupport
import Testing

@Suite("Rates over time")
struct RateTests {
    private func count(_ shape: LoadShape, from start: Double, to end: Double) -> Int {
        var arrivals = Arrivals(shape: shape, process: .constant, inputs: .constant(1), outputs: .constant(1), seed: 1)
        return arrivals.requests(before: Nanoseconds(seconds: end)).count { $0.arrival.seconds >= start }
    }

    @Test("come from a table at even steps, and nothing comes after its end")
    func table() throws {
        let series = try RateSeries(csv: Array("t_s,rate_rps,more\n0,10,x\n600,0,x\n1200,2.5,x\n".utf8))
        #expect(
            series.stepSeconds == 600 && series.rates == [10, 0, 2.5] && series.seconds == 1_800 && abs(series.mean - 12.5 / 3) < 1e-12)
        #expect(abs(count(.series(series), from: 0, to: 600) - 6_000) <= 1)
        #expect(count(.series(series), from: 600.2, to: 1_200) == 0)
        #expect(abs(count(.series(series), from: 1_200, to: 1e6) - 1_500) <= 1)
        #expect(try JSONDecoder().decode(RateSeries.self, from: JSONEncoder().encode(series)) == series)
        for bad in ["t_s,rate_rps\n0,1\n", "t_s,rate_rps\n0,1\n600,1\n700,1\n", "t_s,rate_rps\n0,1\n600,-1\n", "t_s,rate_rps\n0,1\n0,1\n"] {
            #expect(throws: TraceError.self, "\(bad)") { try RateSeries(csv: Array(bad.utf8)) }
        }
    }

    @Test("spike for as long as told")
    func spike() {
        let shape = LoadShape.spike(base: 2, peak: 20, atSecond: 100, seconds: 30)
        #expect(abs(count(shape, from: 0, to: 100) - 200) <= 1 && abs(count(shape, from: 100, to: 130) - 600) <= 1)
        #expect(abs(count(shape, from: 130, to: 230) - 200) <= 1)
    }

    @Test("drawn structure keeps the mean, has the deviation told, and is remembered for the time told")
    func modulation() {
        let series = LoadShape.constant(rate: 100).modulated(for: 200_000, seed: 7)
        #expect(series.rates.count == 20_000 && abs(series.mean / 100 - 1) < 0.02)
        let logs = series.rates.map { ($0 / 100 - 1) }
        let variance = logs.map { $0 * $0 }.reduce(0, +) / 20_000
        #expect(abs(variance.squareRoot() - 0.202) < 0.02)
        let later = zip(logs, logs.dropFirst(6)).map { $0 * $1 }.reduce(0, +) / 20_000 / variance
        #expect(abs(later - 0.368) < 0.08, "\(later)")
    }

    @Test("answers that grow longer leave the arrivals as they are")
    func drift() {
        func requests(_ drift: LengthDrift?) -> [SimulatedRequest] {
            var arrivals = Arrivals(
                shape: .constant(rate: 5), inputs: .constant(100), outputs: .constant(200), outputDrift: drift, seed: 4)
            return arrivals.requests(before: Nanoseconds(seconds: 300))
        }
        let (steady, drifting) = (requests(nil), requests(LengthDrift(factor: 3, fromSecond: 100, toSecond: 200)))
        #expect(steady.map(\.arrival) == drifting.map(\.arrival))
        for request in drifting {
            let expected = 200 * (1 + 2 * min(max((request.arrival.seconds - 100) / 100, 0), 1))
            #expect(abs(Double(request.outputTokens) - expected) <= 0.5)
        }
    }

    @Test("lengths follow the quantiles told")
    func quantiles() {
        let points = [(0.1, 10.0), (0.5, 100), (0.9, 1_000)].map { QuantilePoint(share: $0.0, tokens: $0.1) }
        var arrivals = Arrivals(shape: .constant(rate: 1), inputs: .quantiles(points), outputs: .constant(1), seed: 4)
        let lengths = (0..<10_000).compactMap { _ in arrivals.next()?.inputTokens }.sorted()
        #expect(lengths[0] == 10 && lengths[9_999] == 1_000)
        #expect(abs(lengths[5_000] - 100) < 8 && abs(lengths[3_000] - 55) < 4 && abs(lengths[7_000] - 550) < 25)
    }

    @Test("lengths like a trace's keep prompt and answer together")
    func pairs() {
        let trace = RequestTrace(
            (1...50).map { SimulatedRequest(id: $0, arrival: Nanoseconds(0), inputTokens: $0, outputTokens: 1_000 * $0) })
        var arrivals = Arrivals(shape: .constant(rate: 10), lengthsLike: trace, seed: 2)
        let requests = arrivals.requests(before: Nanoseconds(seconds: 100))
        #expect(requests.allSatisfy { $0.outputTokens == 1_000 * $0.inputTokens } && Set(requests.map(\.inputTokens)).count == 50)
    }
}

@Suite("Traffic of many clients")
struct ClientTrafficTests {
    private let table = """
        client,t_s,rate_rps,cv,family,arg1,arg2
        61,0,20,3,Gamma,0.1,0.5
        61,600,5,1,Gamma,1,0.2
        62,600,10,2.4,Weibull,0.5,0.05

        """

    @Test("comes at each client's rate in each window, in its bursts, and is the same for one seed")
    func windows() throws {
        let traffic = try ClientTraffic(csv: Array(table.utf8))
        #expect(traffic.rates.rates == [20, 15] && traffic.scaled(by: 2).rates.rates == [40, 30])
        var counts: [Double] = []
        for seed in UInt64(1)...40 {
            let arrivals = traffic.arrivals(before: Nanoseconds(seconds: 1_200), seed: seed)
            #expect(arrivals == arrivals.sorted() && arrivals == traffic.arrivals(before: Nanoseconds(seconds: 1_200), seed: seed))
            counts.append(Double(arrivals.count { $0.seconds < 600 }))
        }
        let mean = counts.reduce(0, +) / 40
        let variance = counts.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 39
        // Counts of a renewal process vary by cv² times Poisson's; 9 here, with a wide margin for 40 draws.
        #expect(abs(mean - 12_000) < 200 && variance / mean > 4 && variance / mean < 16, "\(mean), \(variance / mean)")
    }

    @Test("of the shared data has the summed rates in the mean", .enabled(if: SharedData.isPresent, "needs the shared traces"))
    func shared() throws {
        let traffic = try ClientTraffic(csv: SharedData.unpacked("traces/servegen_m-large_clients_top12_days0-6.csv.gz"))
        let all = try RateSeries(csv: SharedData.unpacked("traces/servegen_m-large_rate600s_days0-6.csv.gz"))
        #expect(traffic.clients.count == 12 && all.rates.count == 1_008)
        let share = traffic.rates.mean / all.mean
        #expect(share > 0.6 && share < 1, "the twelve largest clients carry \(share)")
        let scaled = traffic.scaled(by: 40 / traffic.rates.mean)
        let hours = scaled.arrivals(before: Nanoseconds(seconds: 6 * 3_600), seed: 1)
        let expected = scaled.rates.slice(fromStep: 0, steps: 36).mean * 6 * 3_600
        #expect(abs(Double(hours.count) / expected - 1) < 0.05)
    }
}
