public import Measurements
import Policies
public import Statistics

/// How far one stage of a load test is, as told while it runs.
public struct LoadProgress: Sendable {
    public var label: String
    /// Counts from 1.
    public var stage: Int
    public var stages: Int
    /// Since the stage's start.
    public var elapsed: Nanoseconds
    /// Requests answered in full, without the warm-up.
    public var succeeded: Int
    public var failed: Int
    public var inFlight: Int
    /// Due and held up by the cap.
    public var waiting: Int
    /// In seconds, of requests answered in full so far.
    public var timeToFirstToken: Distribution
    public var timePerOutputToken: Distribution
    /// Share of the stage that is done, in `0...1`; `nil` where nothing tells.
    public var done: Double?
    /// `nil` where nothing tells.
    public var timeLeft: Nanoseconds?

    public init(label: String, stage: Int = 1, stages: Int = 1, elapsed: Nanoseconds) {
        self.label = label
        self.stage = stage
        self.stages = stages
        self.elapsed = elapsed
        succeeded = 0
        failed = 0
        inFlight = 0
        waiting = 0
        timeToFirstToken = Distribution()
        timePerOutputToken = Distribution()
    }

    /// For a file or a pipe: one line without its end, all in words.
    public var plainLine: String {
        "\(stageName), \(length(elapsed)): " + (facts + [timeLeftText].compactMap(\.self)).joined(separator: ", ")
    }

    /// For a terminal: one line that takes the place of the one before it.
    ///
    /// Where the width does not hold all, the last facts are left out: a line that wraps could not be taken back.
    /// - Parameter columns: Of the terminal.
    public func terminalLine(columns: Int) -> String {
        var line = ""
        for part in [bar, timeLeftText, stageName].compactMap(\.self) + facts {
            let longer = line.isEmpty ? part : line + "  " + part
            guard longer.columns < columns else { break }
            line = longer
        }
        return Self.clearLine + line
    }

    /// Puts the cursor of a terminal at the beginning of its line and empties the line.
    public static let clearLine = "\r\u{1B}[2K"

    private var stageName: String {
        let name = ForeignText.printable(label)
        return stages > 1 ? "stage \(stage) of \(stages) (\(name))" : name
    }

    private var bar: String? {
        guard let done, done.isFinite else { return nil }
        let share = min(max(done, 0), 1)
        let filled = Int(share * 20)
        return "\(String(repeating: "█", count: filled))\(String(repeating: "░", count: 20 - filled)) \(Int(share * 100)) %"
    }

    private var facts: [String] {
        [
            "\(FigureText.count(succeeded + failed)) done", elapsed.count > 0 ? "\(FigureText.number(rate)) requests/s" : nil,
            "\(FigureText.count(inFlight)) in flight", waiting > 0 ? "\(FigureText.count(waiting)) waiting" : nil,
            failed == 0 ? "no errors" : "\(FigureText.count(failed)) error\(failed == 1 ? "" : "s") (\(FigureText.percent(errorRate)))",
            percentiles("TTFT", timeToFirstToken), percentiles("TPOT", timePerOutputToken),
        ].compactMap(\.self)
    }

    private var rate: Double { Double(succeeded + failed) / elapsed.seconds }
    private var errorRate: Double { Double(failed) / Double(succeeded + failed) }

    private var timeLeftText: String? { timeLeft.map { "\(length($0)) left" } }

    private func percentiles(_ name: String, _ sample: Distribution) -> String? {
        let levels: [Percentile] = [.p50, .p95, .p99]
        let supported = levels.filter { sample.count >= valuesNeeded(for: $0) }
        let values = zip(supported, sample.values(at: supported)).compactMap { level, value in
            value.map { "\(level) \(FigureText.latency(seconds: $0))" }
        }
        return values.isEmpty ? nil : "\(name) \(values.joined(separator: " "))"
    }

    /// Whole seconds: nobody reads more of a running clock.
    private func length(_ time: Nanoseconds) -> String {
        let seconds = max(0, Int64(time.seconds.rounded()))
        guard seconds >= 60 else { return "\(seconds) s" }
        let (minutes, rest) = seconds.quotientAndRemainder(dividingBy: 60)
        return minutes < 60 ? "\(minutes) min \(rest) s" : "\(minutes / 60) h \(minutes % 60) min"
    }
}
