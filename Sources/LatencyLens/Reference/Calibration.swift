import LoadGeneration
public import Measurements
import Probing
import Statistics
public import Transport

/// What the client itself adds to latencies, measured against a ``ReferenceServer`` on this machine.
public enum Calibration {
    /// What is sent for one measurement.
    public struct Settings: Sendable, Hashable {
        public var timing: ReferenceServer.Timing
        public var tokens: Int
        /// Of each stream, at least 1; their sum is at least 64 requests.
        public var requestsPerStream: Int

        public init(
            timing: ReferenceServer.Timing = .init(firstToken: Nanoseconds(milliseconds: 100), perToken: Nanoseconds(milliseconds: 20)),
            tokens: Int = 16, requestsPerStream: Int = 2
        ) {
            self.timing = timing
            self.tokens = tokens
            self.requestsPerStream = requestsPerStream
        }
    }

    /// Measures the client at a concurrency.
    /// - Parameter streams: In `1...10000`.
    /// - Parameter client: As the run's own; `nil` makes one.
    /// - Throws: ``CalibrationFailure`` where the machine gives no server or no answer came.
    public static func measure(
        streams: Int, settings: Settings = Settings(), client: HTTPClient? = nil
    ) async throws(CalibrationFailure) -> ClientCalibration {
        guard (1...10_000).contains(streams) else { throw CalibrationFailure("streams lie in 1...10000, got \(streams)") }
        OpenFiles.allow(2 * streams)  // The server's ends are this process's too.
        let server: ReferenceServer
        do { server = try ReferenceServer(settings.timing) } catch { throw CalibrationFailure(error.description) }
        defer { server.stop() }
        var own = ClientSettings.measuring(streams: streams + 16)
        own.proxy = .none
        let measuring: HTTPClient
        do { measuring = try client ?? HTTPClient(settings: own) } catch {
            throw CalibrationFailure("\(error)")
        }
        return try await measure(streams, settings, server, measuring)
    }

    private static func measure(
        _ streams: Int, _ settings: Settings, _ server: ReferenceServer, _ client: HTTPClient
    ) async throws(CalibrationFailure) -> ClientCalibration {
        let requests = max(64, streams * max(1, settings.requestsPerStream))
        let result: StageResult
        let exchange = StreamExchange(
            client: client, provider: OpenAIChat(model: "reference"), endpoint: server.endpoint, model: "reference")
        // Before the clock starts, and before processor time is counted.
        _ = await ConnectionWarmer(exchange: exchange, key: nil).open(streams)
        let cpuBefore = ProcessorTime.ofProcess - server.log.cpuSeconds
        do {
            // Each request carries its number, by which the server writes down when it answered it.
            let texts = (0..<requests).map { DatasetPrompt(text: "\($0) how late is this client", outputTokens: settings.tokens) }
            let scenario = Scenario("calibration", prompts: .texts(texts), outputTokens: .fixed(settings.tokens))
            let runner = try LoadRunner(exchange: exchange, scenarios: [scenario], settings: runSettings(streams, settings))
            let stage = LoadStage("calibration", load: .closed(concurrency: streams), stop: .init(requests: requests))
            guard let stageResult = try await runner.run([stage]).first else { throw CalibrationFailure("it was cancelled") }
            result = stageResult
        } catch let failure as CalibrationFailure { throw failure } catch { throw CalibrationFailure("\(error)") }
        let cpu = ProcessorTime.ofProcess - server.log.cpuSeconds - cpuBefore
        return try calibration(streams, settings, result, server.log, cpuSeconds: cpu)
    }

    /// The first wave is over before the first answer ends, so that every stream has the same share of the requests.
    private static func runSettings(_ streams: Int, _ settings: Settings) -> RunSettings {
        var run = RunSettings(seed: 1)
        run.firstWaveSpacing = Nanoseconds(min(run.firstWaveSpacing.count, settings.timing.firstToken.count / Int64(streams)))
        run.connections = 0
        return run
    }

    private static func calibration(
        _ streams: Int, _ settings: Settings, _ result: StageResult, _ log: ReferenceServer.Log, cpuSeconds: Double
    ) throws(CalibrationFailure) -> ClientCalibration {
        var errors = Distribution(resolution: 1e-7)
        for record in result.stage.records {
            guard let seen = record.moments.firstContent,
                let written = log.firstWrites[RequestNumber(record.measurement.id).number]
            else { continue }
            errors.record(Double(seen.count &+ result.clockOrigin.nanoseconds &- written.nanoseconds) / 1e9)
        }
        guard result.tally.failed == 0, let median = errors.value(at: .p50), let p99 = errors.value(at: .p99) else {
            let failures = result.tally.errors.map { "\($0.value) × \($0.key)" }.sorted().joined(separator: ", ")
            throw CalibrationFailure("\(result.tally.succeeded) of \(result.tally.requests) requests were answered (\(failures))")
        }
        let answer = settings.timing.firstToken.seconds + settings.timing.perToken.seconds * Double(settings.tokens - 1)
        // Every stream in turn, and the first of them a little later each.
        let rounds = (Double(result.tally.requests) / Double(streams)).rounded(.up)
        let spread = Double(streams - 1) * runSettings(streams, settings).firstWaveSpacing.seconds
        let ideal = rounds * answer + spread
        return ClientCalibration(
            streams: streams, requests: result.tally.requests, firstTokenErrorMedian: Nanoseconds(seconds: median),
            firstTokenErrorP99: Nanoseconds(seconds: p99), achievedShare: min(1, ideal / max(result.stage.duration.seconds, 1e-9)),
            cpuSecondsPer1000Requests: cpuSeconds * 1_000 / Double(max(1, result.tally.requests)))
    }
}

/// How a client does at rising concurrency.
public struct CalibrationCurve: Sendable, Hashable {
    /// By rising concurrency.
    public let points: [ClientCalibration]
    /// What is still no error of the client: of the 99th percentile of its lateness, and of the rate it reaches.
    public let tolerance: Tolerance

    public struct Tolerance: Sendable, Hashable {
        public var firstTokenErrorP99: Nanoseconds
        public var achievedShare: Double

        public init(firstTokenErrorP99: Nanoseconds = Nanoseconds(milliseconds: 5), achievedShare: Double = 0.98) {
            self.firstTokenErrorP99 = firstTokenErrorP99
            self.achievedShare = achievedShare
        }
    }

    public init(_ points: [ClientCalibration], tolerance: Tolerance = Tolerance()) {
        self.points = points.sorted { $0.streams < $1.streams }
        self.tolerance = tolerance
    }

    /// The highest measured concurrency up to which results are the server's: above it they are limited by this client. `nil` where
    /// already the lowest is; equal to the highest measured where none is.
    public var clientLimitedAbove: Int? { points.prefix { isWithin($0) }.last?.streams }

    /// Whether a limit was found at all.
    public var foundLimit: Bool { points.contains { !isWithin($0) } }

    private func isWithin(_ point: ClientCalibration) -> Bool {
        point.firstTokenErrorP99 <= tolerance.firstTokenErrorP99 && point.achievedShare >= tolerance.achievedShare
    }

    /// Measures at each concurrency in turn, and ends with the first at which the client is the limit.
    public static func measure(
        streams: [Int], settings: Calibration.Settings = Calibration.Settings(), tolerance: Tolerance = Tolerance()
    ) async throws(CalibrationFailure) -> CalibrationCurve {
        var curve = CalibrationCurve([], tolerance: tolerance)
        for count in streams.sorted() {
            curve = CalibrationCurve(
                curve.points + [try await Calibration.measure(streams: count, settings: settings)], tolerance: tolerance)
            if curve.foundLimit || Task.isCancelled { break }
        }
        return curve
    }
}

/// Why the client's own error is not known.
public struct CalibrationFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ reason: String) { description = "the client cannot be calibrated: \(reason). Its own error stays unknown." }
}
