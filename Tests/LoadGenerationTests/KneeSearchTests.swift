import LoadGeneration
import Statistics
import Testing

@Suite("Search for the knee")
struct KneeSearchTests {
    @Test("finds the capacity of a server to the precision asked for", arguments: [0.7, 3.0, 37, 512, 9_000])
    func finds(capacity: Double) throws {
        let result = try #require(search(.init(start: 1, bounds: 0.1...10_000)) { rate in rate <= capacity ? (400, 400) : (100, 400) })
        let good = try #require(result.highestGood)
        let bad = try #require(result.lowestBad)
        #expect(good <= capacity && bad > capacity && bad / good <= 1.05 + 1e-9 && result.probes <= 24)
    }

    @Test("says when every rate, or none, meets the objective, without leaving its bounds")
    func bounds() throws {
        let all = try #require(
            search(.init(start: 1, bounds: 0.5...50)) { rate in
                #expect((0.5...50).contains(rate))
                return (100, 100)
            })
        #expect(all.highestGood == 50 && all.lowestBad == nil)
        let none = try #require(search(.init(start: 1, bounds: 0.5...50)) { _ in (0, 100) })
        #expect(none.highestGood == nil && none.lowestBad == 0.5)
    }

    @Test("asks again while chance could decide, and then takes the share itself")
    func undecided() {
        var search = KneeSearch(.init(start: 8, attainment: 0.95, repetitions: 3))
        for _ in 0..<2 {
            search.record(.init(good: 19, total: 20))
            #expect(search.next == .probe(requestsPerSecond: 8))
        }
        search.record(.init(good: 19, total: 20))
        #expect(search.next == .probe(requestsPerSecond: 16))
    }

    @Test("nothing answered is not good, and the probes are bounded")
    func bounded() throws {
        let silent = try #require(search(.init(start: 1, bounds: 0.5...50)) { _ in (0, 0) })
        #expect(silent.highestGood == nil)
        let few = try #require(search(.init(start: 1, probes: 3)) { rate in rate <= 100 ? (400, 400) : (0, 400) })
        #expect(few.probes == 3 && few.highestGood == 4)
    }

    @Test("chance at the knee moves the result little", arguments: UInt64(1)...20)
    func noisy(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let result = try #require(
            search(.init(start: 5, attainment: 0.9)) { rate in
                // The share of good requests falls from 1 to 0 between 80 and 120 requests a second; 0.9 is at 84.
                let share = min(max((120 - rate) / 40, 0), 1)
                return ((0..<300).count { _ in Double.random(in: 0..<1, using: &generator) < share }, 300)
            })
        let good = try #require(result.highestGood)
        #expect((76...88).contains(good), "seed \(seed): \(good)")
    }

    private func search(_ settings: KneeSearch.Settings, _ answer: (Double) -> (Int, Int)) -> KneeSearch.Result? {
        var search = KneeSearch(settings)
        for _ in 0..<200 {
            switch search.next {
            case .done(let result): return result
            case .probe(let rate):
                let (good, total) = answer(rate)
                search.record(.init(good: good, total: total))
            }
        }
        return nil
    }
}
