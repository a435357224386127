import Testing

@testable import Measurements

@Suite struct TumblingWindowsTests {
    @Test("every measurement is in exactly one window of its group, and windows come in order")
    func windows() throws {
        var tumbling = TumblingWindows(width: .seconds(60))
        var closed: [TumblingWindows.Window] = []
        for second in stride(from: 0, to: 300, by: 7) {
            let measurement = WindowTests.measurement(at: Double(second), model: second.isMultiple(of: 2) ? "a" : "b")
            if let window = tumbling.record(measurement) { closed.append(window) }
        }
        if let last = tumbling.finish() { closed.append(last) }
        #expect(tumbling.finish() == nil)
        #expect(closed.flatMap(\.groups).map(\.statistics.requests).reduce(0, +) == 43)
        let starts = closed.compactMap(\.start)
        #expect(starts == starts.sorted() && Set(starts).count == closed.count)
        for (window, start) in zip(closed, starts) {
            for group in window.groups {
                let first = try #require(group.statistics.firstSent)
                #expect(first >= start && first < start.advanced(by: .seconds(60)))
            }
        }
    }

    @Test("measurements without a time have a window of their own")
    func untimed() {
        var tumbling = TumblingWindows(width: .seconds(60))
        var measurement = WindowTests.measurement(at: 0)
        measurement.time = nil
        #expect(tumbling.record(measurement) == nil)
        let closed = tumbling.record(WindowTests.measurement(at: 5))
        #expect(closed != nil && closed?.start == nil)
    }
}
