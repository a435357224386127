import Learning
import Measurements
import Testing

@Suite struct DriftTests {
    @Test("nothing is found while nothing changes, more than once in days")
    func falseAlarms() {
        var draws = NormalSource(seed: 3)
        var sum = CumulativeSum()
        let alarms = (0..<40_000).count { _ in sum.take(draws.next()) != nil }
        // Siegmund's approximation, both sides: one in 9 700.
        #expect((1...12).contains(alarms), "\(alarms) alarms")
    }

    @Test("a shift by one deviation is found soon, with its beginning", arguments: [1.0, -1.0])
    func shift(by shift: Double) throws {
        var delays: [Int] = []
        for seed in UInt64(1)...50 {
            var draws = NormalSource(seed: seed)
            var sum = CumulativeSum()
            for _ in 0..<200 { _ = sum.take(draws.next()) }
            for step in 1...200 {
                guard let alarm = sum.take(draws.next() + shift) else { continue }
                delays.append(step)
                #expect(alarm.isRise == (shift > 0) || step < 4)
                break
            }
        }
        let mean = Double(delays.reduce(0, +)) / Double(delays.count)
        #expect(delays.count == 50 && (8...24).contains(mean), "mean delay \(mean)")
        var sum = CumulativeSum()
        #expect(sum.take(.nan) == nil && sum.take(.infinity) == nil)
    }

    @Test("an episode is flagged for what happened around it, and not for what did not")
    func contamination() {
        let decided = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)
        var check = ContaminationCheck(decidedAt: decided, closedAt: decided.advanced(by: .seconds(300)), window: .seconds(120))
        check.otherChanges = [decided.advanced(by: .seconds(-241)), decided.advanced(by: .seconds(301))]
        check.losses = check.otherChanges
        check.failuresBefore = (1, 100)
        check.failuresAfter = (4, 100)
        (check.expectedBuckets, check.filledBuckets) = (10, 8)
        (check.load, check.supportedLoad) = (1.0, 0.5...0.95)
        (check.engineBefore, check.engineAfter) = ("a", "")
        #expect(check.findings == [])
        check.otherChanges = [decided.advanced(by: .seconds(-239))]
        check.losses = [decided.advanced(by: .seconds(299))]
        check.failuresAfter = (7, 100)
        check.filledBuckets = 7
        check.load = 1.1
        check.engineAfter = "b"
        #expect(check.findings == [.otherChange, .nodeLoss, .errorStorm, .metricGap, .unsupportedLoad, .newVersion])
    }

    @Test("intervals that miss too often are widened, and narrowed when they hold too often")
    func widening() {
        var wide = AdaptiveWidening()
        for _ in 0..<100 { wide.take(missed: true) }
        #expect(wide.factor == 3)
        for _ in 0..<1_000 { wide.take(missed: false) }
        #expect(wide.factor == 0.7)
        var honest = AdaptiveWidening()
        for number in 0..<1_000 { honest.take(missed: number % 10 == 0) }
        #expect(abs(honest.factor - 1) < 0.05)
    }
}
