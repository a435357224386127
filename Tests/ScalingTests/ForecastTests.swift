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

    @Test("a sample keeps the last values, also through JSON, and refuses what is none")
    func sample() throws {
        var sample = RollingSample(capacity: 3)
        for value in [5.0, 1, 4, 2] { sample.add(value) }
        #expect(sample.values.sorted() == [1, 2, 4])
        var restored = try JSONDecoder().decode(RollingSample.self, from: JSONEncoder().encode(sample))
        restored.add(9)
        sample.add(9)
        #expect(restored.values.sorted() == sample.values.sorted() && sample.values.sorted() == [2, 4, 9])
        for text in [
            #"{"capacity":1,"values":[1,2],"oldest":0}"#, #"{"capacity":0,"values":[],"oldest":0}"#,
            #"{"capacity":2,"values":[1,2],"oldest":2}"#,
        ] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(RollingSample.self, from: Data(text.utf8)) }
        }
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
    func headRoom() throws {
        func replicas(deviation: Double, price: Double) throws -> Int {
            var track = ForecastTrack(memory: 600, isSeasonal: false, remembered: 200)
            track.level.add(6, seconds: 15)
            for index in 0..<200 { track.add(6 + deviation * Double(index % 5 - 2), against: 6) }
            return try #require(track.forecasts(ratio: 1).first).cheapest(price: price, atMost: 100).replicas
        }
        let calm = try replicas(deviation: 0.1, price: 90)
        #expect((6...8).contains(calm))
        #expect(try replicas(deviation: 1, price: 90) > calm)
        #expect(try replicas(deviation: 1, price: 900) > replicas(deviation: 1, price: 20))
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
        #expect(try slowness(of: 1) == 1)
        #expect(abs(try slowness(of: 1.3) - 1.3 / 1.02) < 0.01)
        #expect(abs(try slowness(of: 0.6) - 0.6 / 0.8) < 0.01)
        #expect(try slowness(of: 1.3, waiting: 50) == 1)
    }
}
