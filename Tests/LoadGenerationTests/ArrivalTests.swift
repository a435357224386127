import Foundation
import LoadGeneration
import Measurements
import Testing

@Suite("Arrivals")
struct ArrivalTests {
    @Test("constant arrivals are evenly spaced and do not drift")
    func constant() throws {
        var arrivals = ArrivalTimes(.constant(requestsPerSecond: 40), seed: 1)
        let times = (0..<40_001).compactMap { _ in arrivals.next() }
        #expect(times[0] == Nanoseconds(0) && times[1] == Nanoseconds(25_000_000))
        #expect(times[40_000] == Nanoseconds(seconds: 1_000))
    }

    @Test(
        "the gaps have the mean and the variation that was asked for, whatever the seed",
        arguments: [
            (ArrivalProcess.poisson(requestsPerSecond: 40), 1.0), (.gamma(requestsPerSecond: 40, shape: 0.25), 2),
            (.gamma(requestsPerSecond: 40, shape: 4), 0.5), (.gamma(requestsPerSecond: 40, shape: 1), 1),
        ], [UInt64(1), 2, 3])
    func variation(_ asked: (process: ArrivalProcess, variation: Double), seed: UInt64) {
        let gaps = gaps(of: asked.process, seed: seed, count: 20_000)
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let deviation = (gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)).squareRoot()
        #expect(abs(mean * 40 - 1) < 0.05, "seed \(seed)")
        #expect(abs(deviation / mean / asked.variation - 1) < 0.05, "seed \(seed): \(deviation / mean)")
    }

    @Test("Poisson gaps are exponential: few of many samples lie as far from that distribution as one in twenty does by chance")
    func exponential() {
        let distances = (UInt64(1)...40).map { seed in
            let gaps = gaps(of: .poisson(requestsPerSecond: 1), seed: seed, count: 1_000).sorted()
            return gaps.enumerated().map { index, gap in
                let expected = 1 - exp(-gap)
                return max(abs(expected - Double(index) / 1_000), abs(expected - Double(index + 1) / 1_000))
            }.max() ?? 1
        }
        // The Kolmogorov-Smirnov bounds at 1 in 20, and at 1 in 10,000.
        let bounds = (1.358 / 1_000.0.squareRoot(), 2.225 / 1_000.0.squareRoot())
        #expect(distances.count { $0 > bounds.0 } <= 6, "\(distances)")
        #expect(distances.allSatisfy { $0 < bounds.1 }, "\(distances)")
    }

    @Test("the same seed gives the same times, another one others")
    func seeded() {
        let first = gaps(of: .poisson(requestsPerSecond: 5), seed: 7, count: 50)
        #expect(first == gaps(of: .poisson(requestsPerSecond: 5), seed: 7, count: 50))
        #expect(first != gaps(of: .poisson(requestsPerSecond: 5), seed: 8, count: 50))
    }

    @Test("a ramp sends what the area under its rate says, and goes on at its last rate")
    func ramp() {
        let times = Array(ArrivalTimes(.ramp(from: 10, to: 30, over: Nanoseconds(seconds: 10)), seed: 1).prefix(300))
        #expect(times.count { $0 < Nanoseconds(seconds: 5) } == 75)
        #expect(times.count { $0 < Nanoseconds(seconds: 10) } == 200)
        #expect(abs((times[299] - times[298]).seconds - 1.0 / 30) < 1e-6)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("a ramp to zero ends")
    func rampDown() {
        let times = Array(ArrivalTimes(.ramp(from: 20, to: 0, over: Nanoseconds(seconds: 1)), seed: 1))
        #expect(times.count == 10)
        #expect(times.allSatisfy { $0 <= Nanoseconds(seconds: 1) })
    }

    @Test("a trace is replayed as it is and then ends")
    func trace() {
        let offsets = [0, 5, 5, 90].map { Nanoseconds($0) }
        #expect(Array(ArrivalTimes(.trace(offsets), seed: 1)) == offsets)
    }

    @Test(
        "numbers that cannot be run are refused by name",
        arguments: [
            ArrivalProcess.constant(requestsPerSecond: 0), .poisson(requestsPerSecond: .nan), .poisson(requestsPerSecond: .infinity),
            .gamma(requestsPerSecond: 1, shape: 0), .ramp(from: 0, to: 0, over: Nanoseconds(1)),
            .ramp(from: 1, to: -1, over: Nanoseconds(1)),
            .ramp(from: 1, to: 2, over: Nanoseconds(0)), .trace([]), .trace([Nanoseconds(2), Nanoseconds(1)]), .trace([Nanoseconds(-1)]),
        ])
    func refused(process: ArrivalProcess) { #expect(process.problem != nil) }

    private func gaps(of process: ArrivalProcess, seed: UInt64, count: Int) -> [Double] {
        let times = Array(ArrivalTimes(process, seed: seed).prefix(count + 1))
        return zip(times, times.dropFirst()).map { ($1 - $0).seconds }
    }
}
