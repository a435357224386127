import Documents
import Measurements

extension InferenceMeasurement {
    /// Sets a latency from a reading.
    ///
    /// - Parameter unit: Seconds in one of the reading's unit.
    /// - Parameter name: The field's name in the source, for errors.
    mutating func take(_ metric: LatencyMetric, _ reading: NumberReading, unit: Double, from name: StaticString) throws(RecordProblem) {
        switch reading {
        case .missing: return
        case .notFinite: notFinite.insert(FieldSet(metric))
        case .notANumber: throw RecordProblem(reason: "\(name) is not a number; give a number or leave it out")
        case .finite(let value):
            guard value >= 0 else { throw RecordProblem(reason: "\(name) is \(value); a latency cannot be negative") }
            set(metric, Nanoseconds(seconds: value * unit))
        }
    }

    /// Sets one of the per-request latencies.
    mutating func set(_ metric: LatencyMetric, _ value: Nanoseconds) {
        switch metric {
        case .timeToFirstToken: timeToFirstToken = value
        case .timePerOutputToken: timePerOutputToken = value
        case .interTokenLatency: chunkGaps = [value]
        case .endToEnd: endToEnd = value
        case .prefill: prefill = value
        case .decode: decode = value
        case .queue: queue = value
        case .network: network = value
        }
    }

    /// Sets the gaps from a list in which NaN stands for what is not finite.
    ///
    /// - Parameter unit: Seconds in one of the list's unit.
    mutating func takeGaps(_ gaps: some Collection<Double>, unit: Double, from name: StaticString) throws(RecordProblem) {
        var list: [Nanoseconds] = []
        list.reserveCapacity(gaps.count)
        for gap in gaps {
            guard gap.isFinite else {
                notFinite.insert(.chunkGaps)
                continue
            }
            guard gap >= 0 else { throw RecordProblem(reason: "\(name) holds \(gap); a gap cannot be negative") }
            list.append(Nanoseconds(seconds: gap * unit))
        }
        chunkGaps = list
    }

    /// A count of tokens from a reading.
    mutating func takeInputTokens(_ reading: NumberReading, from name: StaticString) throws(RecordProblem) {
        inputTokens = try tokens(reading, .inputTokens, name)
    }

    /// A count of tokens from a reading.
    mutating func takeOutputTokens(_ reading: NumberReading, from name: StaticString) throws(RecordProblem) {
        outputTokens = try tokens(reading, .outputTokens, name)
    }

    private mutating func tokens(_ reading: NumberReading, _ field: FieldSet, _ name: StaticString) throws(RecordProblem) -> Int? {
        switch reading {
        case .missing: return nil
        case .notFinite:
            notFinite.insert(field)
            return nil
        case .notANumber: throw RecordProblem(reason: "\(name) is not a number; give a count of tokens or leave it out")
        case .finite(let value):
            guard value >= 0, value <= 1e9 else { throw RecordProblem(reason: "\(name) is \(value); expected a count in 0...1000000000") }
            return Int(value.rounded())
        }
    }

    /// A ratio from a reading.
    ///
    /// - Parameter scale: 1 where the source gives a ratio, 0.01 where it gives percent.
    mutating func takeUtilization(
        _ metric: UtilizationMetric, _ reading: NumberReading, scale: Double, from name: StaticString
    ) throws(RecordProblem) {
        switch reading {
        case .missing: return
        case .notFinite: notFinite.insert(FieldSet(metric))
        case .notANumber: throw RecordProblem(reason: "\(name) is not a number; give a number or leave it out")
        case .finite(let value):
            let ratio = value * scale
            guard ratio >= 0, ratio <= 1.000_001 else {
                throw RecordProblem(reason: "\(name) is \(value); expected a value in 0...\(scale == 1 ? 1 : 100)")
            }
            set(metric, ratio: min(ratio, 1))
        }
    }

    private mutating func set(_ metric: UtilizationMetric, ratio: Double) {
        switch metric {
        case .gpu: gpuUtilization = ratio
        case .memory: memoryUtilization = ratio
        case .keyValueCache: keyValueCacheUtilization = ratio
        }
    }

    /// Sets TPOT = (E2E − TTFT) / (output tokens − 1) where all three are known and there are at least two tokens.
    mutating func deriveTimePerOutputToken() {
        guard timePerOutputToken == nil, let endToEnd, let timeToFirstToken, let outputTokens, outputTokens > 1 else { return }
        guard endToEnd >= timeToFirstToken else { return }
        timePerOutputToken = Nanoseconds((endToEnd - timeToFirstToken).count / Int64(outputTokens - 1))
    }
}

extension InferenceError {
    /// Sorts an error text of a tool into a small set of types: `http_429`, `timeout`, `disconnected`, `connection`, `other`.
    ///
    /// - Parameter code: An HTTP status where the source gives one apart.
    init(text: String, code: Int? = nil) {
        let words = text.prefix(4_000).lowercased()
        let status = code ?? Self.status(in: words)
        let type: String
        if let status, (400...599).contains(status) {
            type = "http_\(status)"
        } else if words.contains("timeout") || words.contains("timed out") {
            type = "timeout"
        } else if ["disconnect", "incomplete", "payload", "reset by peer", "connection lost", "eof"].contains(where: words.contains) {
            type = "disconnected"
        } else if words.contains("connect") {
            type = "connection"
        } else if words.contains("cancel") {
            type = "cancelled"
        } else {
            type = "other"
        }
        self.init(type: type, message: Self.firstLine(text), code: status)
    }

    private static func firstLine(_ text: String) -> String {
        // A Python traceback tells what happened in its last line.
        let lines = text.split(whereSeparator: \.isNewline)
        let isTraceback = text.hasPrefix("Traceback")
        return String((isTraceback ? lines.last : lines.first) ?? "")
    }

    private static let reasonPhrases: [(String, Int)] = [
        ("too many requests", 429), ("internal server error", 500), ("bad gateway", 502), ("service unavailable", 503),
        ("gateway time-out", 504), ("gateway timeout", 504), ("unauthorized", 401), ("forbidden", 403), ("not found", 404),
        ("bad request", 400), ("unprocessable", 422),
    ]

    private static func status(in words: String) -> Int? {
        if let known = reasonPhrases.first(where: { words.contains($0.0) }) { return known.1 }
        let numbers = words.split { !($0.isASCII && $0.isNumber) }
        guard words.contains("http") || words.contains("status") else { return nil }
        return numbers.lazy.compactMap { $0.utf8.count == 3 ? Int($0) : nil }.first { (400...599).contains($0) }
    }
}
