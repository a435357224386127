import Documents
import FoundationEssentials
import Measurements

/// What an instant query gave.
public struct PromQLResult: Sendable, Hashable {
    public struct Series: Sendable, Hashable {
        /// Empty for a scalar.
        public var labels: [String: String]
        /// Seconds since the epoch, on the server's clock: when the query was evaluated.
        public var time: Double
        /// NaN and the infinities are values here.
        public var value: Double

        public init(labels: [String: String] = [:], time: Double, value: Double) {
            self.labels = labels
            self.time = time
            self.value = value
        }
    }

    /// Empty where nothing matched, which is not zero.
    public var series: [Series]
    /// The server's own words.
    public var warnings: [String]

    public init(series: [Series], warnings: [String] = []) {
        self.series = series
        self.warnings = warnings
    }

    /// All series added up, or the greatest of them; `nil` without any. NaN if one is: it could be anything.
    public func value(_ aggregation: Aggregation = .sum) -> Double? {
        guard !series.isEmpty else { return nil }
        if series.contains(where: \.value.isNaN) { return .nan }
        return switch aggregation {
        case .sum: series.reduce(0) { $0 + $1.value }
        case .maximum: series.map(\.value).max()
        }
    }

    public enum Aggregation: Sendable, Hashable {
        case sum, maximum
    }
}

/// Why a query has no result. The texts hold no credentials.
public enum PromQLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No answer came, and why.
    case unreachable(String)
    /// The server answered that it will not: status, its kind of error such as `bad_data` or `timeout`, its words.
    case refused(status: Int, type: String, message: String)
    /// The answer is not what Prometheus answers.
    case malformed(String)

    public var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .refused(let status, let type, let message): "HTTP \(status), \(type): \(message)"
        case .malformed(let reason): "the answer is not one of Prometheus: \(reason)"
        }
    }
}

extension PromQLResult {
    /// Reads the answer to `/api/v1/query`.
    ///
    /// Source: https://prometheus.io/docs/prometheus/latest/querying/api/.
    public init(status: Int, body: [UInt8]) throws(PromQLError) {
        let document: DocumentValue
        do {
            document = try body.withUnsafeBytes { try JSONDocument.parse($0, limits: DocumentLimits(bytes: 16 << 20, depth: 16)) }
        } catch {
            guard (200..<300).contains(status) else { throw .refused(status: status, type: "http", message: "the body is not JSON") }
            throw .malformed("\(body.count) bytes that are not JSON")
        }
        guard document.text("status") == "success", let data = document["data"] else {
            let message = ForeignText.withoutSecrets(
                ForeignText.printable(String((document.text("error") ?? "no reason given").prefix(300))))
            throw .refused(status: status, type: Self.word(document.text("errorType") ?? "http"), message: message)
        }
        let result = data["result"]
        switch data.text("resultType") {
        case "vector":
            series = try (result?.elements ?? []).map { (element) throws(PromQLError) in
                try Self.sample(element["value"], labels: Self.labels(element["metric"]))
            }
        case "scalar": series = [try Self.sample(result, labels: [:])]
        case let type: throw .malformed("a result of type '\(Self.word(type ?? "none"))' where a vector or a scalar is expected")
        }
        warnings = (document["warnings"]?.elements ?? []).prefix(5).compactMap {
            $0.text.map { ForeignText.printable(String($0.prefix(200))) }
        }
    }

    private static func sample(_ pair: DocumentValue?, labels: [String: String]) throws(PromQLError) -> Series {
        guard let elements = pair?.elements, elements.count == 2, let time = elements[0].number.value, let value = number(elements[1])
        else {
            throw .malformed("a sample that is not a time and a value")
        }
        return Series(labels: labels, time: time, value: value)
    }

    private static func number(_ value: DocumentValue) -> Double? {
        switch value.text {
        case "NaN": .nan
        case "+Inf", "Inf": .infinity
        case "-Inf": -.infinity
        case let text?: Double(text)
        case nil: nil
        }
    }

    private static func labels(_ metric: DocumentValue?) -> [String: String] {
        Dictionary((metric?.members ?? []).compactMap { member in member.value.text.map { (member.key, $0) } }) { $1 }
    }

    private static func word(_ text: String) -> String { ForeignText.printable(String(text.prefix(40))) }
}
