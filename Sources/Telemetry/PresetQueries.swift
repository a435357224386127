public import Control
import Measurements
import Policies
import Statistics

/// Turns questions of a policy into PromQL.
///
/// Alternatives are joined by `or` outside of every aggregation, so that buckets of two generations of a metric never mix.
public struct PresetQueries: Sendable, Hashable {
    public let preset: EnginePreset
    /// Every series must bear these labels.
    public let selector: [String: String]
    /// Every series must be of one of these pods; empty for all pods.
    var pods: [String] = []

    /// - Throws: ``InvalidSelector`` where a key cannot be the name of a label.
    public init(_ preset: EnginePreset, selector: [String: String] = [:]) throws(InvalidSelector) {
        for label in selector.keys where !isLabelName(label) { throw InvalidSelector(label: label) }
        self.preset = preset
        self.selector = selector
    }

    /// The query whose value is the answer, in seconds, ratios or per second; `nil` where the preset has no metric for it.
    public func query(for question: PolicyQuestion) -> String? {
        let range = Self.range(question.window)
        switch question.query {
        case .latency(let metric, .mean): return alternatives(preset.latencies[metric], { mean($0, range) })
        case .latency(let metric, .percentile(let level)):
            return alternatives(preset.latencies[metric]) { quantile(level.fraction, of: $0, range) }
        case .throughput: return throughput(range)
        case .tokensPerSecond: return alternatives(preset.outputTokens) { "sum(rate(\(series($0))\(range)))" }
        case .errorRate: return errorRate(range)
        case .queueDepth: return alternatives(preset.waiting) { "sum(avg_over_time(\(series($0))\(range)))" }
        case .utilization(let metric): return alternatives(preset.utilization[metric]) { utilization($0, range) }
        case .consecutiveFailures, .objectiveViolations, .costPerThousandTokens, .burnRate, .anomaly, .signal: return nil
        }
    }

    /// The query whose value is the number of requests behind the answer; `nil` where the engine does not count them.
    public func samples(for question: PolicyQuestion) -> String? {
        let range = Self.range(question.window)
        switch question.query {
        case .latency(let metric, _):
            let metrics = preset.latencies[metric] ?? []
            let counts = metrics.filter(\.countsRequests).map(\.count)
            let behindTokens = metrics.allSatisfy(\.countsRequests) ? [] : requestCounts
            return alternatives(counts + behindTokens) { "sum(increase(\(series($0))\(range)))" }
        case .throughput, .errorRate, .tokensPerSecond:
            return ended(range, "increase")
        case .queueDepth, .utilization, .consecutiveFailures, .objectiveViolations, .costPerThousandTokens, .burnRate, .anomaly, .signal:
            return nil
        }
    }

    /// The query whose value is how long ago, in seconds on the server's clock, the newest sample of the preset was taken.
    public var age: String? {
        let devices = UtilizationMetric.allCases.flatMap { preset.utilization[$0] ?? [] }.prefix(1).map(\.used)
        return alternatives(preset.waiting.isEmpty ? devices : preset.waiting) { "time() - max(timestamp(\(series($0))))" }
    }

    /// The instant query for every counter a block of totals is made of, one series per replica; `nil` for devices.
    public var counters: String? {
        let names = Set(preset.blockCounters.map(\.name)).sorted()
        guard !names.isEmpty else { return nil }
        return "{__name__=~\"\(names.joined(separator: "|"))\"\(added.map { "," + $0 }.joined())}"
    }

    /// The instant query for everything the load is told by, one series per replica; `nil` where the preset does not tell it.
    public var load: String? {
        let names = preset.loadNames.sorted()
        guard !names.isEmpty else { return nil }
        return "{__name__=~\"\(names.joined(separator: "|"))\"\(added.map { "," + $0 }.joined())}"
    }

    // MARK: Figures

    private func mean(_ metric: DurationMetric, _ range: String) -> String {
        scaled("sum(rate(\(series(metric.sum))\(range))) / sum(rate(\(series(metric.count))\(range)))", metric.secondsPerUnit)
    }

    private func quantile(_ fraction: Double, of metric: DurationMetric, _ range: String) -> String? {
        metric.buckets.map {
            scaled("histogram_quantile(\(fraction), sum by (le) (rate(\(series($0))\(range))))", metric.secondsPerUnit)
        }
    }

    private func throughput(_ range: String) -> String? {
        guard let finished = ended(range) else { return nil }
        // Where failures cannot be known they are not among the finished ones.
        guard let failed = failures(range, orZero: true) else { return finished }
        return "\(finished) - (\(failed))"
    }

    private func errorRate(_ range: String) -> String? {
        guard let failed = failures(range, orZero: preset.failuresAppearWithTheFirst), let finished = ended(range) else { return nil }
        return "(\(failed)) / (\(finished))"
    }

    /// Requests that ended, per second. Counters after the first may be born with their first count.
    private func ended(_ range: String, _ function: String = "rate") -> String? {
        guard let first = preset.finished.first else { return nil }
        let rest = preset.finished.dropFirst().map { " + (\(total(function, $0, range)) or 0 * \(total(function, first, range)))" }
        return total(function, first, range) + rest.joined()
    }

    private func failures(_ range: String, orZero: Bool) -> String? {
        guard let first = preset.finished.first, !preset.failed.isEmpty else { return nil }
        return preset.failed.map { failed in
            let rate = total("rate", failed, range)
            return orZero ? "\(rate) or 0 * \(total("rate", first, range))" : rate
        }.joined(separator: " + ")
    }

    private func total(_ function: String, _ selector: SeriesSelector, _ range: String) -> String {
        "sum(\(function)(\(series(selector))\(range)))"
    }

    private func utilization(_ gauge: UtilizationGauge, _ range: String) -> String {
        let used = "avg_over_time(\(series(gauge.used))\(range))"
        if let free = gauge.free { return "sum(\(used)) / (sum(\(used)) + sum(avg_over_time(\(series(free))\(range))))" }
        if let total = gauge.total { return "sum(\(used)) / sum(avg_over_time(\(series(total))\(range)))" }
        return gauge.full == 1 ? "avg(\(used))" : "avg(\(used)) / \(PromQL.number(gauge.full))"
    }

    /// Counters of requests, for latencies that are counted per token.
    private var requestCounts: [SeriesSelector] { preset.latencies[.endToEnd]?.filter(\.countsRequests).map(\.count) ?? [] }

    // MARK: Text

    private func alternatives<Element>(_ elements: [Element]?, _ text: (Element) -> String?) -> String? {
        let texts = (elements ?? []).compactMap(text)
        return texts.isEmpty ? nil : texts.count == 1 ? texts[0] : texts.map { "(\($0))" }.joined(separator: " or ")
    }

    private func scaled(_ text: String, _ factor: Double) -> String { factor == 1 ? text : "\(PromQL.number(factor)) * \(text)" }

    private func series(_ wanted: SeriesSelector) -> String {
        let own = wanted.conditions.map { "\($0.label)\($0.isEqual ? "=" : "!=")\(PromQL.quoted($0.value))" }
        let matchers = own + added
        return matchers.isEmpty ? wanted.name : "\(wanted.name){\(matchers.joined(separator: ","))}"
    }

    /// Matchers that every series bears beside its own.
    private var added: [String] {
        let labels = selector.sorted { $0.key < $1.key }.map { "\($0.key)=\(PromQL.quoted($0.value))" }
        // A dot, which names may hold, is any letter in an expression.
        let names = pods.map { $0.replacing(".", with: "[.]") }.joined(separator: "|")
        return labels + (pods.isEmpty ? [] : ["pod=~\(PromQL.quoted(names))"])
    }

    /// `[5m]`; to the millisecond, at least one.
    private static func range(_ window: Duration) -> String { "[\(PromQL.duration(window))]" }
}

/// A key of a policy's selector that cannot be the name of a label.
public struct InvalidSelector: Error, Sendable, Hashable, CustomStringConvertible {
    public let label: String

    public init(label: String) { self.label = label }

    public var description: String {
        "'\(ForeignText.printable(String(label.prefix(60))))' cannot be the name of a label; letters, digits and '_' can, and a letter comes first"
    }
}

/// How values are written in PromQL.
enum PromQL {
    /// A string literal: what could end it, or start an escape, is escaped.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// `90s`, `5m`, `1500ms`: one unit, so that every version reads it.
    static func duration(_ length: Duration) -> String {
        let milliseconds = max(1, Int64((length.inSeconds * 1_000).rounded()))
        for (unit, size) in [("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] where milliseconds % size == 0 {
            return "\(milliseconds / size)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    static func number(_ value: Double) -> String { value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)" }
}
