internal import Documents
internal import Policies

/// Reads a scalar as the shape of its place asks for.
enum ScalarReading {
    static func read(_ text: String, isPlain: Bool, as shape: Shape) -> Result<ParsedValue, Refusal> {
        do {
            return .success(try value(text, isPlain: isPlain, as: shape))
        } catch {
            return .failure(error)
        }
    }

    private static func value(_ text: String, isPlain: Bool, as shape: Shape) throws(Refusal) -> ParsedValue {
        switch shape {
        case .duration(let range): return .duration(try duration(text, in: range))
        case .ratio(let range): return .number(try ratio(text, in: range))
        case .rate(let unitRequired): return .number(try rate(text, unitRequired: unitRequired))
        case .eventBudget: return .eventBudget(try QuantityText.eventBudget(text))
        case .number(let range):
            guard isPlain, let number = QuantityText.number(text[...]) else { throw expected("a number", text, isPlain) }
            return .number(try within(range, number, text))
        case .integer(let range):
            guard isPlain, let number = Int(text), !text.hasPrefix("+") else { throw expected("a whole number", text, isPlain) }
            guard range.contains(number) else { throw Refusal(message: "must be \(words(range)), found \(number)") }
            return .integer(number)
        case .flag:
            guard isPlain, text == "true" || text == "false" else { throw expected("true or false", text, isPlain) }
            return .flag(text == "true")
        case .text(let rule):
            if isPlain, let meaning = otherMeaning(of: text) {
                throw Refusal(message: "\(text) without quotes is \(meaning) in YAML; write \"\(text)\"", suggestion: nil)
            }
            if let refusal = rule.refusal(of: text) { throw refusal }
            return .text(text)
        case .choice(let names):
            guard !names.contains(text) else { return .text(text) }
            let suggestion = Suggestion.closest(to: text, among: names)
            let known = suggestion == nil ? "; must be \(names.joined(separator: ", "))" : ""
            throw Refusal(message: "unknown value '\(QuantityText.shown(text))'\(known)", suggestion: suggestion)
        case .anyScalar: return .scalar(try knobValue(text, isPlain: isPlain))
        case .list, .map, .object, .either, .condition:
            throw Refusal(message: "must be \(shape.expectation), found '\(QuantityText.shown(text))'")
        }
    }

    private static func duration(_ text: String, in range: ClosedRange<Duration>) throws(Refusal) -> Duration {
        let value = try QuantityText.duration(text)
        guard range.contains(value) else {
            let bounds = "from \(FigureText.duration(range.lowerBound)) to \(FigureText.duration(range.upperBound))"
            throw Refusal(message: "must be \(bounds), found \(QuantityText.shown(text))")
        }
        return value
    }

    private static func ratio(_ text: String, in range: ClosedRange<Double>) throws(Refusal) -> Double {
        let value = try QuantityText.ratio(text)
        guard range.contains(value) else {
            let bounds = "from \(percent(range.lowerBound)) to \(percent(range.upperBound))"
            throw Refusal(message: "must be \(bounds), found \(QuantityText.shown(text))")
        }
        return value
    }

    private static func rate(_ text: String, unitRequired: Bool) throws(Refusal) -> Double {
        let value = try QuantityText.rate(text, unitRequired: unitRequired)
        guard value > 0, value <= 1e9 else {
            throw Refusal(message: "must be above zero and at most 1e9/s, found \(QuantityText.shown(text))")
        }
        return value
    }

    private static func within(_ range: ClosedRange<Double>, _ number: Double, _ text: String) throws(Refusal) -> Double {
        guard range.contains(number) else {
            let bound =
                number < range.lowerBound
                ? "at least \(FigureText.number(range.lowerBound))" : "at most \(FigureText.number(range.upperBound))"
            throw Refusal(message: "must be \(bound), found \(QuantityText.shown(text))")
        }
        return number
    }

    private static func knobValue(_ text: String, isPlain: Bool) throws(Refusal) -> KnobValue {
        guard text.utf8.count <= 1_024 else { throw Refusal(message: "longer than 1 024 bytes") }
        guard isPlain else { return .text(text) }
        if text == "true" || text == "false" { return .flag(text == "true") }
        if let meaning = otherMeaning(of: text), !meaning.hasSuffix("number") {
            throw Refusal(message: "\(text) without quotes is \(meaning) in YAML; write \"\(text)\", or true or false")
        }
        if let integer = Int(text), !text.hasPrefix("+") { return .integer(integer) }
        if let number = QuantityText.number(text[...]) { return .number(number) }
        return .text(text)
    }

    private static func expected(_ what: String, _ text: String, _ isPlain: Bool) -> Refusal {
        let quoted = isPlain ? "" : " in quotes, which make it a text"
        return Refusal(message: "must be \(what), found '\(QuantityText.shown(text))'\(quoted)")
    }

    /// What YAML 1.1, which many tools still speak, takes a plain scalar for.
    private static func otherMeaning(of text: String) -> String? {
        let lowered = text.lowercased()
        if ["true", "false", "yes", "no", "on", "off", "y", "n"].contains(lowered) { return "a switch" }
        if QuantityText.number(text[...]) != nil { return "a number" }
        let sixties = text.split(separator: ":", omittingEmptySubsequences: false)
        if sixties.count > 1, sixties.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }) {
            return "a base-60 number"
        }
        return nil
    }

    static func percent(_ ratio: Double) -> String { FigureText.number(ratio * 100) + "%" }

    static func words(_ range: ClosedRange<Int>) -> String {
        if range.upperBound == .max { return "at least \(range.lowerBound)" }
        return "from \(range.lowerBound) to \(range.upperBound)"
    }
}
