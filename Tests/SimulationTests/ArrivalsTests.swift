import Measurements
import Simulation
import Testing

@Suite("Arrivals")
struct ArrivalsTests {
    private func times(_ shape: LoadShape, _ process: ArrivalProcess, until end: Double, seed: UInt64 = 5) -> [Double] {
        var arrivals = Arrivals(shape: shape, process: process, inputs: .constant(1), outputs: .constant(1), seed: seed)
        return arrivals.requests(before: Nanoseconds(seconds: end)).map(\.arrival.seconds)
    }

    @Test(
        "as many come as the shape says, in every stretch",
        arguments: [
            LoadShape.constant(rate: 50), .ramp(from: 10, to: 100, seconds: 100), .step(before: 10, after: 100, atSecond: 100),
            .diurnal(mean: 50, amplitude: 0.8, periodSeconds: 200), .ramp(from: 100, to: 0, seconds: 150),
        ])
    func shapes(shape: LoadShape) {
        for process in [ArrivalProcess.constant, .poisson, .gamma(variation: 0.5)] {
            let times = times(shape, process, until: 200)
            #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
            for start in stride(from: 0.0, to: 200, by: 40) {
                let expected = shape.expected(by: start + 40) - shape.expected(by: start)
                let came = Double(times.count { $0 >= start && $0 < start + 40 })
                #expect(abs(came - expected) < 4.5 * expected.squareRoot() + 1, "\(process) from \(start) s")
            }
        }
    }

    @Test(
        "gaps vary as told",
        arguments: [(ArrivalProcess.constant, 0), (.poisson, 1), (.gamma(variation: 3), 3), (.gamma(variation: 0.5), 0.5)])
    func variation(process: ArrivalProcess, expected: Double) {
        let times = times(.constant(rate: 100), process, until: 300)
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        #expect(abs(variance.squareRoot() / mean - expected) < 0.1 * expected + 1e-4)
    }

    @Test("a load that ends brings no more")
    func end() {
        var arrivals = Arrivals(
            shape: .step(before: 10, after: 0, atSecond: 10), process: .constant, inputs: .constant(1), outputs: .constant(1), seed: 1)
        #expect(arrivals.requests(before: Nanoseconds(seconds: 1e6)).count == 100)
        #expect(arrivals.next() == nil)
    }

    @Test("lengths keep to their bounds and their median")
    func lengths() {
        var arrivals = Arrivals(
            shape: .constant(rate: 1), inputs: .lognormal(median: 500, deviation: 1, min: 10, max: 4_000),
            outputs: .uniform(min: 3, max: 5),
            seed: 9)
        let requests = (0..<4_001).compactMap { _ in arrivals.next() }
        let inputs = requests.map(\.inputTokens).sorted()
        #expect(inputs[0] >= 10 && inputs[4_000] == 4_000 && abs(inputs[2_000] - 500) < 50)
        #expect(Set(requests.map(\.outputTokens)) == [3, 4, 5])
    }
}
