import EngineModels
import FoundationEssentials
import Measurements
import Testing

@testable import Scaling

@Suite("Forecasts of demand")
struct ForecastTests {
    @Test("a level is right from its first value on, and forgets")
    func level() {
        var level = DemandLevel(memory: 600)
        #expect(level.isEmpty)
        level.add(8, seconds: 15)
        #expect(level.value == 8)
        for _ in 0..<400 { level.add(4, seconds: 15) }
        #expect(abs(level.value - 4) < 0.01)
        level.reset(to: 6)
        #expect(level.value == 6)
    }

    @Test("the spread of errors begins with what is thought of a calm service, and becomes what was seen")
    func spread() {
        var spread = ErrorSpread(memory: 3_600)
        #expect(abs(spread.deviation - 0.18) < 1e-12)
        for index in 0..<2_000 { spread.add(index.isMultiple(of: 2) ? 0.1 : -0.1, seconds: 30) }
        #expect(spread.deviation > 0.1 && spread.deviation < 0.14, "\(spread.deviation)")
        #expect(abs(ErrorShape.nodes.reduce(0) { $0 + $1.weight } - 1) < 1e-12)
    }

    @Test("one burst widens the spread by a bounded amount, and what was learned is as it was through JSON")
    func burst() throws {
        func track(burst: Double) throws -> ForecastTrack {
            var track = ForecastTrack(memory: 600, isSeasonal: false, errorMemory: 14_400)
            track.level.add(6, seconds: 15)
            for index in 0..<400 { track.add(6 + 0.3 * Double(index % 5 - 2), against: 6, seconds: 30) }
            for _ in 0..<10 { track.add(burst, against: 6, seconds: 30) }
            let restored = try JSONDecoder().decode(ForecastTrack.self, from: JSONEncoder().encode(track))
            #expect(restored == track)
            return track
        }
        let (calm, doubled, tenfold) = try (track(burst: 6), track(burst: 12), track(burst: 60))
        let widths = [calm, doubled, tenfold].map { $0.forecast(ratio: 1).deviation }
        #expect(widths[1] > widths[0] && widths[2] < widths[0] * 1.5 && abs(widths[2] - widths[1]) < 0.02, "\(widths)")
    }

    @Test("experts are mixed: who is off less has more weight, and several that are as good about the same")
    func mixture() throws {
        func forecast(_ memory: Double, demand: Double, deviation: Double) -> DemandForecast {
            DemandForecast(
                expert: ForecastExpert(memory: memory, isSeasonal: false), demand: demand,
                outcomes: [DemandForecast.Outcome(demand: demand, weight: 1)], deviation: deviation)
        }
        let even = DemandOutlook([forecast(60, demand: 4, deviation: 0.2), forecast(600, demand: 6, deviation: 0.2)])
        #expect(abs(even.demand - 5) < 1e-12)
        let uneven = DemandOutlook([forecast(60, demand: 4, deviation: 0.4), forecast(600, demand: 6, deviation: 0.2)])
        #expect(uneven.leader?.memory == 600 && uneven.demand > 5.99)
        #expect(DemandOutlook([forecast(60, demand: 4, deviation: 0)]).demand == 4)
    }

    @Test("replicas that are there stay where a change would save next to nothing, and not where it saves more")
    func changeCost() {
        let outlook = DemandOutlook([
            DemandForecast(
                expert: ForecastExpert(memory: 600, isSeasonal: false), demand: 6,
                outcomes: [DemandForecast.Outcome(demand: 6, weight: 0.9), DemandForecast.Outcome(demand: 9, weight: 0.1)], deviation: 0.2)
        ])
        let best = outlook.cheapest(price: 16, atMost: 100)
        #expect(outlook.cheapest(price: 16, atMost: 100, present: best + 1, changeCost: 1.5) == best + 1)
        #expect(outlook.cheapest(price: 16, atMost: 100, present: best + 1, changeCost: 0) == best)
        #expect(outlook.cheapest(price: 16, atMost: 100, present: best + 9, changeCost: 1.5) == best)
    }

    @Test("the course of days is known after two of them, and holds within bounds")
    func profile() {
        var profile = SeasonalProfile()
        func demand(_ hour: Double) -> Double { hour.truncatingRemainder(dividingBy: 24) < 12 ? 2 : 3 }
        for minute in stride(from: 10.0, through: 2 * 1_440 + 60, by: 10) {
            if minute == 1_440 { #expect(!profile.isKnown && profile.ratio(of: 46_800, to: 39_600) == 1) }
            profile.add(demand((minute - 10) / 60), at: minute * 60, length: 600)
        }
        #expect(profile.isKnown)
        let noon = 2 * 86_400.0 + 43_200
        #expect(abs(profile.ratio(of: noon + 3_600, to: noon - 3_600) - 3.1 / 2.1) < 1e-9)
        profile.restart()
        #expect(profile.isKnown && abs(profile.ratio(of: 46_800, to: 39_600) - 3.1 / 2.1) < 1e-9)
    }

    @Test("errors of a forecast widen what demand may come to be, and a higher price buys more for it")
    func headRoom() {
        func replicas(deviation: Double, price: Double) -> Int {
            var track = ForecastTrack(memory: 600, isSeasonal: false, errorMemory: 14_400)
            track.level.add(6, seconds: 15)
            for index in 0..<1_000 { track.add(6 + deviation * Double(index % 5 - 2), against: 6, seconds: 30) }
            return DemandOutlook([track.forecast(ratio: 1)]).cheapest(price: price, atMost: 100)
        }
        let calm = replicas(deviation: 0.1, price: 16)
        #expect((6...8).contains(calm), "\(calm)")
        #expect(replicas(deviation: 1, price: 16) > calm)
        #expect(replicas(deviation: 1, price: 160) > replicas(deviation: 1, price: 4))
    }

    @Test("the share that is late rises with the load from nothing to all")
    func lateShare() {
        let shares = stride(from: 0.0, through: 3, by: 0.05).map { LateShare.at(load: $0) }
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(LateShare.at(load: 0.5) < 0.001 && LateShare.at(load: 1.5) > 0.99 && LateShare.at(load: 99) > 0.99)
        #expect(LateShare.at(load: 0.95) > 0.005 && LateShare.at(load: 1) < 0.03)
    }

    @Test("an engine that is slower or faster than its profile is told from what its tokens take, but not in an overload")
    func speed() throws {
        let service = ServiceCapacity(profile: .llama70BOnFourH100, settings: EngineSettings())
        let mix = RequestMix(inputTokens: 1_155, outputTokens: 211)
        func slowness(of engine: Double, waiting: Int = 0) throws -> Double {
            var speed = SpeedCorrection()
            // An engine this much slower at 4 requests a second is the profile's at so many more.
            let gap = engine * (try #require(service.steadyState(rate: 4 * engine, mix)).timePerOutputToken) / 1_000
            var finished = ScalingObservation.Finished()
            finished.count = 60
            finished.withSeveralTokens = 60
            finished.timePerOutputToken = 60 * gap
            let load = ScalingObservation.ReplicaLoad(
                running: 30, waiting: waiting, waitingTokens: 0, cachedTokens: 0, cacheCapacity: 430_000)
            for period in 1...400 {
                speed.add(
                    ScalingObservation(
                        time: Nanoseconds(seconds: Double(period) * 15), length: Nanoseconds(seconds: 15), arrivals: 60,
                        arrivedInputTokens: 60 * 1_155, finished: finished, wanted: 1, starting: 0, waitingAtGateway: 0, replicas: [load]),
                    service, mix)
            }
            return speed.slowness
        }
        #expect(try slowness(of: 0.94) == 1)
        #expect(abs(try slowness(of: 1.3) - 1.3 / 0.98) < 0.01)
        #expect(abs(try slowness(of: 0.6) - 0.6 / 0.9) < 0.01)
        #expect(try slowness(of: 1.3, waiting: 50) == 1)
    }
}
