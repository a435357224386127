import Control
import FoundationEssentials
import Measurements
import Policies
import Simulation
import Statistics
import Synchronization

/// Time of a trial: it passes when told.
final class TrialClock: ControlClock {
    private let now = Mutex(Nanoseconds(0))

    func set(_ time: Nanoseconds) { now.withLock { $0 = time } }

    var steady: Timestamp { TrialSource.epoch.advanced(by: now.withLock(\.self)) }
    var wall: Timestamp { steady }
}

/// Identifiers that are the same for the same seed.
final class TrialIdentifiers: Sendable {
    private let generator: Mutex<SplitMix64>

    init(seed: UInt64) { generator = Mutex(SplitMix64(seed: seed ^ 0x7219_63AD_8E0B_55F1)) }

    func next() -> UUID {
        let (high, low) = generator.withLock { ($0.next(), $0.next()) }
        func byte(_ value: UInt64, _ place: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: value >> (8 * (7 - place))) }
        return UUID(
            uuid: (
                byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5), byte(high, 6), byte(high, 7),
                byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3), byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
            ))
    }
}

/// What a policy's sources would have seen of a pool.
///
/// Where a policy has probes only, as many of the requests as it would send; otherwise all. Gauges and counts are answered where one of its
/// sources could deliver them.
final class TrialSource: MeasurementSource {
    let name = "simulator"
    private let model: String
    private let seed: UInt64
    private let sources: [Policy.Source]
    /// Between two requests that a probe sends; `nil` where all are seen.
    private let probeGap: Nanoseconds?
    private let longestWindow: Duration
    private let limits: [LatencyLimit]
    private let state = Mutex(State())

    /// When trials begin: at midnight, for schedules.
    static let epoch = Timestamp(nanosecondsSinceEpoch: 1_735_689_600_000_000_000)

    private struct State {
        var measurements: [InferenceMeasurement] = []
        var looks: [Look] = []
        var nextProbe = Nanoseconds(0)
        /// Since the last delivery, where it is of use.
        var load: ServiceLoad?
        var inFlight = 0
    }

    /// What engines export at the end of a block.
    private struct Look {
        let time: Nanoseconds
        let seconds: Double
        let waiting: Int
        let cacheUsage: Double
        let utilization: Double
        let answered: Int
        let generatedTokens: Int64
    }

    init(_ policy: Policy, seed: UInt64, profile: String) {
        model = profile
        self.seed = seed
        sources = policy.monitor.sources
        let rate = policy.monitor.probesPerSecond
        probeGap = policy.monitor.seesProbesOnly && rate > 0 ? Nanoseconds(seconds: 1 / rate) : nil
        longestWindow = policy.longestWindow
        limits = policy.latencyLimits
    }

    /// Whether it is told of every request, and by which replica it was answered; probes are not.
    var seesEveryRequest: Bool { probeGap == nil }

    func take(_ block: PoolBlock) {
        let look = Look(
            time: block.end, seconds: block.length.seconds, waiting: block.status.waiting, cacheUsage: block.status.cacheUsage,
            utilization: block.utilization, answered: block.outcomes.count { $0.ending == .completed },
            generatedTokens: block.generatedTokens)
        state.withLock { state in
            state.looks.append(look)
            let load = ServiceLoad(block, inFlightBefore: state.inFlight, limits: limits)
            state.load = state.load?.followed(by: load) ?? load
            state.inFlight = (load.waiting ?? 0) + (load.running ?? 0)
            let oldest = block.end - Nanoseconds(seconds: longestWindow.inSeconds)
            if state.looks.count > 64, state.looks[0].time < oldest { state.looks.removeAll { $0.time < oldest } }
            for outcome in block.outcomes {
                if let probeGap {
                    guard outcome.arrival >= state.nextProbe else { continue }
                    state.nextProbe = outcome.arrival + probeGap
                }
                state.measurements.append(InferenceMeasurement(outcome, model: model, epoch: Self.epoch, seed: seed))
            }
        }
    }

    func deliver(_ request: DeliveryRequest) async -> Delivery {
        state.withLock { state in
            defer {
                state.measurements = []
                state.load = nil
            }
            let readings = request.questions.compactMap { question -> RecordedReading? in
                guard isDelivered(question.query), let reading = Self.reading(question, state.looks)
                else { return nil }
                return RecordedReading(query: question.query, window: question.window, reading: reading)
            }
            let load = request.loadLimits != nil && countsRequests ? state.load : nil
            return Delivery(measurements: state.measurements, readings: readings, load: load)
        }
    }

    /// Whether one of the sources counts requests that come.
    private var countsRequests: Bool { sources.isEmpty || sources.contains(where: \.tellsLoad) }

    /// How busy a GPU is stands in no engine's own metrics: only exporters of devices and queries of the policy's own tell it.
    private func isDelivered(_ query: MetricQuery) -> Bool {
        guard query == .utilization(.gpu) else { return sources.isEmpty || sources.contains { $0.canDeliver(query) } }
        return sources.contains { source in
            switch source.kind {
            case .prometheus(let server):
                server.queries["gpuUtilization"] != nil || server.preset.map(Self.devicePresets.contains) ?? false
            case .scrape(let scrape): Self.devicePresets.contains(scrape.preset)
            case .probe, .importFiles: false
            }
        }
    }

    /// Of the presets those with a gauge of devices.
    private static let devicePresets: Set = ["dcgm", "triton"]

    /// The mean over the looks within the window; `nil` for figures that are measured request by request.
    private static func reading(_ question: PolicyQuestion, _ looks: [Look]) -> Reading? {
        guard let last = looks.last else { return nil }
        let since = last.time - Nanoseconds(seconds: question.window.inSeconds)
        let seen = looks.filter { $0.time > since }
        let seconds = seen.reduce(0) { $0 + $1.seconds }
        func mean(_ figure: (Look) -> Double) -> Reading {
            .value(Reading.Value(seen.reduce(0) { $0 + figure($1) } / Double(seen.count), samples: seen.count))
        }
        switch question.query {
        case .queueDepth: return mean { Double($0.waiting) }
        case .utilization(.gpu): return mean(\.utilization)
        case .utilization(.keyValueCache): return mean(\.cacheUsage)
        case .throughput:
            let answered = seen.reduce(0) { $0 + $1.answered }
            return .value(Reading.Value(Double(answered) / seconds, samples: answered))
        case .tokensPerSecond:
            let tokens = seen.reduce(0) { $0 + $1.generatedTokens }
            return .value(Reading.Value(Double(tokens) / seconds, samples: seen.reduce(0) { $0 + $1.answered }))
        default: return nil
        }
    }
}
