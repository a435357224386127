internal import Measurements

/// Figures as people read them in reasons and reports: three significant digits with a unit.
public enum FigureText {
    /// `5m`, `1h30m`, `500ms`: the form policy files use. Negative durations carry a minus sign.
    public static func duration(_ duration: Duration) -> String {
        if duration < .zero { return "-" + Self.duration(.zero - duration) }
        var rest = Nanoseconds(seconds: duration.inSeconds).count
        if rest == 0 { return "0s" }
        var text = ""
        for (unit, size) in units where rest >= size {
            text += "\(rest / size)\(unit)"
            rest %= size
        }
        return text
    }

    /// A value in seconds: `812 ms`, `1.5 s`, `40 µs`.
    public static func latency(seconds: Double) -> String {
        switch abs(seconds) {
        case 0: "0 ms"
        case ..<0.000_001: "\(number(seconds * 1e9)) ns"
        case ..<0.001: "\(number(seconds * 1e6)) µs"
        case ..<1: "\(number(seconds * 1e3)) ms"
        default: "\(number(seconds)) s"
        }
    }

    /// A ratio as percent: `0.05` is `5 %`.
    public static func percent(_ ratio: Double) -> String { "\(number(ratio * 100)) %" }

    /// Three significant digits, more for whole numbers of more digits; digits in groups of three.
    public static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : (value < 0 ? "-infinity" : "infinity") }
        guard abs(value) < 1e15 else { return "\(value)" }
        var decimals = 0
        var scale = 1.0
        while decimals < 9, abs(value) * scale < 100, abs(value) > 0 {
            decimals += 1
            scale *= 10
        }
        let scaled = Int64((abs(value) * scale).rounded())
        let whole = scaled / Int64(scale)
        var fraction = String(scaled % Int64(scale))
        fraction = String(repeating: "0", count: max(0, decimals - fraction.utf8.count)) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let sign = value < 0 && scaled != 0 ? "-" : ""
        return sign + count(Int(whole)) + (fraction.isEmpty || decimals == 0 ? "" : "." + fraction)
    }

    /// A count with its digits in groups of three: `1 234`.
    public static func count(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        guard digits.count > 3 else { return String(value) }
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(" ") }
            text.append(digit)
        }
        return text
    }

    private static let units: [(String, Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000),
        ("ns", 1),
    ]
}

extension MetricQuery: CustomStringConvertible {
    /// `ttft p95`, `gpu utilization`: the name of the figure in reasons.
    public var description: String {
        switch self {
        case .latency(let metric, let statistic): "\(metric.rawValue) \(statistic)"
        case .throughput: "throughput"
        case .tokensPerSecond: "tokens per second"
        case .utilization(.gpu): "gpu utilization"
        case .utilization(.memory): "memory utilization"
        case .utilization(.keyValueCache): "kv cache utilization"
        case .queueDepth: "queue depth"
        case .errorRate: "error rate"
        case .consecutiveFailures: "consecutive failures"
        case .objectiveViolations: "objective violations"
        case .costPerThousandTokens: "cost per 1 000 tokens"
        case .burnRate: "burn rate"
        case .anomaly(let metric): "anomaly of \(metric.rawValue)"
        case .signal(let name): "signal \(name)"
        }
    }

    /// A value of this figure with its unit.
    public func text(_ value: Double) -> String {
        switch self {
        case .latency: FigureText.latency(seconds: value)
        case .throughput: "\(FigureText.number(value)) /s"
        case .tokensPerSecond: "\(FigureText.number(value)) tokens/s"
        case .utilization, .errorRate: FigureText.percent(value)
        case .anomaly: "\(FigureText.number(value)) σ"
        case .burnRate: "\(FigureText.number(value))×"
        case .queueDepth, .consecutiveFailures, .objectiveViolations, .costPerThousandTokens, .signal: FigureText.number(value)
        }
    }

    /// How the samples behind a figure are counted, which decides how many are enough.
    public enum SampleKind: Sendable {
        /// Requests: `minSamples` applies.
        case requests
        /// Scrapes of a gauge or a series of the user's own: one fresh one is enough.
        case scrapes
        /// A count of events is a fact however few requests there were, as long as there was one.
        case events
    }

    public var sampleKind: SampleKind {
        switch self {
        case .latency, .throughput, .tokensPerSecond, .errorRate, .costPerThousandTokens, .burnRate, .anomaly: .requests
        case .utilization, .queueDepth, .signal: .scrapes
        case .consecutiveFailures, .objectiveViolations: .events
        }
    }
}
