import FoundationEssentials
import Statistics
import Testing

@testable import Measurements

@Suite struct WindowTests {
    static let origin = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)

    static func measurement(at seconds: Double, ttft: Double? = 0.1, error: String? = nil, model: String = "m") -> InferenceMeasurement {
        var measurement = InferenceMeasurement(
            id: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)), time: origin.advanced(by: .seconds(fractional: seconds)),
            model: model,
            provider: "vllm", endpoint: "http://e")
        measurement.timeToFirstToken = ttft.map { Nanoseconds(seconds: $0) }
        measurement.endToEnd = Nanoseconds(seconds: 0.5)
        measurement.outputTokens = 10
        measurement.error = error.map { InferenceError(type: $0) }
        return measurement
    }

    static func windows(
        _ measurements: [InferenceMeasurement], pane: Duration = .seconds(15), limits: [LatencyLimit] = []
    ) -> MeasurementWindows {
        var windows = MeasurementWindows(paneWidth: pane, retention: .seconds(300), limits: limits)
        for measurement in measurements { windows.record(measurement) }
        return windows
    }

    @Test("a window holds its own measurements and no others")
    func window() throws {
        let windows = Self.windows((0..<600).map { Self.measurement(at: Double($0), ttft: Double($0) / 1_000) })
        let end = try #require(windows.newest)
        let minute = windows.window(endingAt: end, length: .seconds(60))
        #expect(minute.requests == 60)
        #expect(minute.distribution(of: .timeToFirstToken).moments.minimum == 0.54)
        #expect(windows.whole.requests == 600)
        #expect(windows.window(endingAt: Self.origin, length: .seconds(60)).requests == 0, "dropped panes are not in any window")
    }

    @Test("order does not matter within the retention, and what is older is counted as late")
    func late() {
        let shuffled = Self.windows(
            [280, 10, 150, 0, 299].map { Self.measurement(at: $0) } + [Self.measurement(at: 900), Self.measurement(at: 1)])
        #expect(shuffled.whole.requests == 7)
        #expect(shuffled.lateCount == 1)
        #expect(shuffled.window(endingAt: Self.origin.advanced(by: .seconds(900)), length: .seconds(300)).requests == 1)
    }

    @Test("groups are kept apart by model, provider and endpoint, up to a bound")
    func groups() {
        let windows = Self.windows((0..<100).map { Self.measurement(at: Double($0), model: "m\($0)") })
        #expect(windows.groups.count == MeasurementWindows.maximumGroups)
        #expect(windows.ungroupedCount == 100 - MeasurementWindows.maximumGroups)
        #expect(windows.whole.requests == 100)
    }

    @Test("failures have no latency, a type, and a streak")
    func failures() throws {
        let errors: [String?] = ["a", nil, "b", "b", "a", nil, "b"]
        let windows = Self.windows(errors.enumerated().map { Self.measurement(at: Double($0.offset), error: $0.element) })
        let statistics = WindowStatistics(windows.whole)
        #expect(statistics.failed == 5)
        #expect(statistics.errorsByType == ["a": 2, "b": 3])
        #expect(statistics.consecutiveFailures == 1)
        #expect(statistics.longestFailureStreak == 3)
        #expect(statistics.latencies[.timeToFirstToken]?.count == 2)
        #expect(try #require(statistics.errorRate) == 5.0 / 7)
    }

    @Test("merging spans gives what one span would have seen", arguments: UInt64(1)...20)
    func merging(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let measurements = (0..<60).map { index in
            Self.measurement(
                at: Double(index), ttft: Double.random(in: 0.01...1, using: &random), error: Bool.random(using: &random) ? "e" : nil)
        }
        let limits = [LatencyLimit(metric: .timeToFirstToken, limit: Nanoseconds(seconds: 0.5))]
        let cut = Int.random(in: 0...60, using: &random)
        var first = StatisticsAccumulator(limits: limits)
        var second = StatisticsAccumulator(limits: limits)
        var whole = StatisticsAccumulator(limits: limits)
        for (index, measurement) in measurements.enumerated() {
            whole.record(measurement)
            if index < cut { first.record(measurement) } else { second.record(measurement) }
        }
        first.merge(second)
        let merged = WindowStatistics(first)
        let direct = WindowStatistics(whole)
        #expect(merged.longestFailureStreak == direct.longestFailureStreak, "seed \(seed)")
        #expect(merged.consecutiveFailures == direct.consecutiveFailures, "seed \(seed)")
        #expect(merged.compliance == direct.compliance)
        #expect(merged.latencies[.timeToFirstToken]?.percentiles == direct.latencies[.timeToFirstToken]?.percentiles)
        #expect(merged.span == direct.span)
    }

    @Test("missing, zero and not finite stay apart")
    func apart() throws {
        var missing = Self.measurement(at: 0, ttft: nil)
        missing.outputTokens = nil
        let zero = Self.measurement(at: 1, ttft: 0)
        var notFinite = Self.measurement(at: 2, ttft: nil)
        notFinite.notFinite = [.timeToFirstToken, .gpuUtilization]
        let statistics = WindowStatistics(Self.windows([missing, zero, notFinite]).whole)
        let ttft = try #require(statistics.latencies[.timeToFirstToken])
        #expect(ttft.count == 1 && ttft.mean == 0 && ttft.notFiniteCount == 1)
        #expect(statistics.latencies[.timePerOutputToken] == nil)
        #expect(statistics.utilization[.gpu] == nil)
    }

    @Test("a request is judged by every limit, and not judged where a limited latency is missing")
    func compliance() {
        let limits = [LatencyLimit(metric: .timeToFirstToken, limit: Nanoseconds(seconds: 0.2))]
        let windows = Self.windows(
            [
                Self.measurement(at: 0, ttft: 0.1), Self.measurement(at: 1, ttft: 0.2), Self.measurement(at: 2, ttft: 0.201),
                Self.measurement(at: 3, ttft: nil), Self.measurement(at: 4, ttft: 0.1, error: "e"),
            ], limits: limits)
        #expect(windows.whole.compliance.met == 2)
        #expect(windows.whole.compliance.violations == 2)
        #expect(windows.whole.compliance.notJudged == 1)
        #expect(windows.whole.compliance.attainment == 0.5)
    }

    @Test("rates are per the span given, or from first sent to last answered")
    func rates() throws {
        let windows = Self.windows((0..<10).map { Self.measurement(at: Double($0)) })
        let observed = WindowStatistics(windows.whole)
        #expect(observed.span == Nanoseconds(seconds: 9.5))
        #expect(try #require(observed.outputTokensPerSecond) == 100 / 9.5)
        #expect(WindowStatistics(windows.whole, span: Nanoseconds(seconds: 20)).requestsPerSecond == 0.5)
    }

    @Test("a latency spike, a throughput drop and an error burst are found; a steady series has none")
    func anomaliesFound() throws {
        func series(_ change: (Int) -> (ttft: Double, count: Int, errors: Int)) -> [Anomaly] {
            var windows = MeasurementWindows(paneWidth: .seconds(10), retention: .seconds(600))
            for pane in 0..<40 {
                let (ttft, count, errors) = change(pane)
                for index in 0..<count {
                    windows.record(
                        Self.measurement(
                            at: Double(pane * 10) + Double(index) * 0.1, ttft: ttft * (1 + 0.01 * Double(index % 7)),
                            error: index < errors ? "e" : nil))
                }
            }
            let panes = windows.series(endingAt: windows.newest ?? Self.origin, length: .seconds(400))
            return Measurements.anomalies(in: panes, paneWidth: windows.paneWidth)
        }
        #expect(series { _ in (0.1, 20, 0) }.isEmpty)
        let spike = try #require(series { ($0 == 30 ? 0.4 : 0.1, 20, 0) }.first)
        #expect(spike.kind == .latencySpike && spike.severity == .critical && spike.metric == "ttft")
        let drop = try #require(series { (0.1, $0 == 30 ? 5 : 20, 0) }.first { $0.kind == .throughputDrop })
        #expect(drop.deviations < -3.5)
        let burst = series { (0.1, 20, $0 == 30 ? 10 : 0) }
        #expect(burst.contains { $0.kind == .errorBurst && $0.value == 0.5 })
    }

    @Test(
        "the bottleneck is named with its evidence",
        arguments: [
            (0.95, 0.5, 0.9, Bottleneck.Kind.memory), (0.95, 0.5, 0.5, .compute), (0.3, 0.97, 0.3, .memory), (0.5, 0.5, 0.5, .none),
        ])
    func bottleneck(gpu: Double, memory: Double, cache: Double, kind: Bottleneck.Kind) {
        var measurement = Self.measurement(at: 0)
        measurement.gpuUtilization = gpu
        measurement.memoryUtilization = memory
        measurement.keyValueCacheUtilization = cache
        let found = WindowStatistics(Self.windows([measurement]).whole).bottleneck
        #expect(found.kind == kind)
        #expect(found.reason.contains("%"))
    }

    @Test("without any utilization no resource is named")
    func noBottleneck() {
        let found = WindowStatistics(Self.windows([Self.measurement(at: 0)]).whole).bottleneck
        #expect(found.kind == .none)
        #expect(found.reason.contains("no utilization was measured"))
    }
}
