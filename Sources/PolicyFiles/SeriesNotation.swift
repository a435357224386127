internal import Policies

/// One point of a written series.
enum SeriesPoint: Hashable, Sendable {
    case value(Double)
    /// No new value: the one before it ages.
    case gap
    /// A reading that is not a number.
    case notFinite
    /// The series ends here.
    case stale
}

/// Series as promtool writes them: `a`, `a+bxn` and `a-bxn` (n more values, each by b further), `axn` (n more of the same), `_` and `_xn`
/// (n gaps), `NaN` and `stale`, separated by blanks; blanks are allowed around the `x`. Values carry the units of their metric.
///
/// Source: Prometheus documentation, "Unit testing for rules", series notation.
enum SeriesNotation {
    static let mostPoints = 20_000

    static func points(_ text: String, unit: SeriesUnit) throws(Refusal) -> [SeriesPoint] {
        var points: [SeriesPoint] = []
        for item in joined(text) {
            try append(item, unit: unit, to: &points)
            guard points.count <= mostPoints else { throw Refusal(message: "a series of more than \(mostPoints) values") }
        }
        return points
    }

    /// `400ms+20ms x 10` and `400ms+20msx10` are one item.
    private static func joined(_ text: String) -> [String] {
        var items: [String] = []
        for word in text.split(whereSeparator: \.isWhitespace).map(String.init) {
            let continues = word == "x" || word.hasPrefix("x") && word.dropFirst().allSatisfy(\.isNumber)
            if let last = items.last, continues || last.hasSuffix("x") { items[items.count - 1] = last + word } else { items.append(word) }
        }
        return items
    }

    private static func append(_ item: String, unit: SeriesUnit, to points: inout [SeriesPoint]) throws(Refusal) {
        let (body, times) = try repetition(item)
        switch body {
        case "_": points += Array(repeating: .gap, count: times ?? 1)
        case "NaN": points += Array(repeating: .notFinite, count: 1 + (times ?? 0))
        case "stale":
            guard times == nil else { throw Refusal(message: "'\(item)': a series becomes stale once; write stale") }
            points.append(.stale)
        default:
            let (start, step) = try terms(body, unit: unit)
            guard step == nil || times != nil else { throw Refusal(message: "'\(item)' has a step but no count; write \(item)x10") }
            for index in 0...(times ?? 0) { points.append(.value(rounded(start + (step ?? 0) * Double(index)))) }
        }
    }

    /// `0.6-0.1x3` ends at 0.3, as it reads, and not just below it.
    private static func rounded(_ value: Double) -> Double { (value * 1e9).rounded() / 1e9 }

    private static func repetition(_ item: String) throws(Refusal) -> (body: String, times: Int?) {
        guard let cross = item.lastIndex(of: "x") else { return (item, nil) }
        guard let times = Int(item[item.index(after: cross)...]), (1...mostPoints).contains(times) else {
            throw Refusal(message: "'\(QuantityText.shown(item))': expected a count from 1 to \(mostPoints) after 'x'")
        }
        return (String(item[..<cross]), times)
    }

    /// `a`, `a+b` or `a-b`; a sign in front or after an `e` belongs to the number.
    private static func terms(_ body: String, unit: SeriesUnit) throws(Refusal) -> (start: Double, step: Double?) {
        var previous: Character = "e"
        for index in body.indices {
            let character = body[index]
            defer { previous = character }
            guard character == "+" || character == "-", previous != "e", previous != "E" else { continue }
            let step = try unit.value(String(body[body.index(after: index)...]))
            return (try unit.value(String(body[..<index])), character == "-" ? -step : step)
        }
        return (try unit.value(body), nil)
    }
}

/// How the values of a metric are written.
enum SeriesUnit: Hashable {
    /// `300ms`, in seconds.
    case latency
    /// `5%` or `0.05`.
    case ratio
    /// `10`, or `10/s`.
    case rate
    case number

    init(_ query: MetricQuery) {
        switch query {
        case .latency: self = .latency
        case .utilization, .errorRate: self = .ratio
        case .throughput, .tokensPerSecond: self = .rate
        case .queueDepth, .consecutiveFailures, .objectiveViolations, .costPerThousandTokens, .burnRate, .anomaly, .signal: self = .number
        }
    }

    func value(_ text: String) throws(Refusal) -> Double {
        switch self {
        case .latency: return try QuantityText.duration(text) / .seconds(1)
        case .ratio: return try QuantityText.ratio(text)
        case .rate: return try QuantityText.rate(text, unitRequired: false)
        case .number:
            guard let number = QuantityText.number(text[...]) else {
                throw Refusal(message: "expected a number, found '\(QuantityText.shown(text))'")
            }
            return number
        }
    }
}
