internal import Measurements
internal import Policies

/// Reads quantities as policy files write them; every refusal says how to write what was probably meant.
enum QuantityText {
    /// The longest duration there is any use for.
    static let longestDuration = Duration.seconds(10 * 366 * 86_400)

    /// `500ms`, `5m`, `1h30m`, `1.5s`: units from large to small, each once.
    static func duration(_ text: String) throws(Refusal) -> Duration {
        var rest = text[...]
        var nanoseconds = 0.0
        var previous = Double.infinity
        guard !text.isEmpty else { throw Refusal(message: "expected a duration such as 5m or 500ms, found nothing") }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = plainNumber(digits), number >= 0 else {
                throw Refusal(message: "expected a duration such as 5m, 500ms or 1h30m, found '\(shown(text))'")
            }
            guard !unit.isEmpty || !rest.isEmpty else {
                throw Refusal(message: "the duration '\(shown(text))' has no unit; write \(shown(text))s or \(shown(text))ms")
            }
            guard !unit.isEmpty else { throw Refusal(message: "expected a duration such as 5m, 500ms or 1h30m, found '\(shown(text))'") }
            guard let size = unitSizes[String(unit)] else {
                throw Refusal(
                    message: "unknown unit '\(shown(String(unit)))' in the duration '\(shown(text))'; use ns, us, ms, s, m, h or d")
            }
            guard size < previous else {
                throw Refusal(message: "the units of '\(shown(text))' must go from large to small, each once, as in 1h30m")
            }
            previous = size
            nanoseconds += number * size
        }
        guard nanoseconds <= longestDuration.inSeconds * 1e9 else {
            throw Refusal(message: "the duration '\(shown(text))' is longer than ten years")
        }
        return .nanoseconds(Int64(nanoseconds.rounded()))
    }

    /// `5%` or `0.05`. Whole numbers other than 0 are refused, since 1 may mean 1 % or all.
    static func ratio(_ text: String) throws(Refusal) -> Double {
        if text.hasSuffix("%") {
            guard let percent = number(text.dropLast()) else { throw notARatio(text) }
            return percent / 100
        }
        guard let value = number(text[...]) else { throw notARatio(text) }
        if value != 0, value == value.rounded(), !text.contains(".") {
            throw Refusal(message: "'\(shown(text))' could mean percent or parts of one; write \(shown(text))% or \(parts(value))")
        }
        return value
    }

    private static func notARatio(_ text: String) -> Refusal {
        Refusal(message: "expected a ratio such as 5% or 0.05, found '\(shown(text))'")
    }

    private static func parts(_ percent: Double) -> String { percent == 1 ? "1.0" : "\(percent / 100)" }

    /// `10/s`, `600/m`, `2/h`: events per second.
    static func rate(_ text: String, unitRequired: Bool) throws(Refusal) -> Double {
        if !unitRequired, let value = number(text[...]) { return value }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let count = number(parts[0]) else {
            let cure =
                number(text[...]) == nil ? "expected a rate such as 10/s, found" : "a rate needs a unit, as in \(shown(text))/s; found"
            throw Refusal(message: "\(cure) '\(shown(text))'")
        }
        guard let seconds = rateUnits[String(parts[1])] else {
            throw Refusal(message: "unknown unit '/\(shown(String(parts[1])))' of the rate '\(shown(text))'; use /s, /m, /h or /d")
        }
        return count / seconds
    }

    /// `2/h`, `10/d`, `3/30m`: at most so many in any such span.
    static func eventBudget(_ text: String) throws(Refusal) -> Policy.EventBudget {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), (0...1_000_000).contains(count) else {
            throw Refusal(message: "expected a budget such as 2/h or 3/30m, found '\(shown(text))'")
        }
        let span = String(parts[1])
        let window = try duration(span.first?.isNumber == true ? span : "1" + span)
        guard window >= .seconds(1) else { throw Refusal(message: "the span of the budget '\(shown(text))' is shorter than a second") }
        return Policy.EventBudget(count: count, window: window)
    }

    /// A finite decimal number; neither `nan` nor `inf` nor hexadecimal.
    static func number(_ text: Substring) -> Double? {
        guard !text.isEmpty, text.utf8.count <= 40, text.allSatisfy({ "0123456789.eE+-".contains($0) }), let value = Double(text),
            value.isFinite
        else { return nil }
        return value
    }

    /// Keeps messages short whatever was in the file.
    static func shown(_ text: String) -> String { text.count <= 60 ? text : text.prefix(57) + "..." }

    private static func plainNumber(_ digits: Substring) -> Double? { digits.contains { $0 != "." } ? number(digits) : nil }

    private static let unitSizes: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3_600e9, "d": 86_400e9,
    ]
    private static let rateUnits: [String: Double] = ["s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400]
}
