/// What a user writes behind the name of a baseline.
public struct BaselineOption: Sendable, Hashable {
    public let name: String
    /// As it is written.
    public let standard: String
    public let meaning: String

    init(_ name: String, _ standard: String, _ meaning: String) {
        self.name = name
        self.standard = standard
        self.meaning = meaning
    }
}

/// The values of a baseline's options, read as they are asked for.
struct BaselineOptions {
    let baseline: Baseline
    private var values: [String: String] = [:]

    /// - Parameter pairs: `name=value` each.
    init(_ pairs: [Substring], for baseline: Baseline) throws(BaselineError) {
        self.baseline = baseline
        for option in baseline.options { values[option.name] = option.standard }
        var given: Set<String> = []
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw .noOption(String(pair), baseline.name) }
            let name = String(parts[0])
            guard values[name] != nil else { throw .unknownOption(name, of: baseline) }
            guard given.insert(name).inserted else { throw BaselineError("option '\(name)' of baseline '\(baseline.name)' is given twice") }
            values[name] = String(parts[1])
        }
    }

    func number(_ name: String, in range: ClosedRange<Double>) throws(BaselineError) -> Double {
        let text = values[name] ?? ""
        guard let number = Double(text), range.contains(number) else {
            throw .value(text, of: name, baseline.name, expected: "a number in \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    func count(_ name: String, in range: ClosedRange<Int>) throws(BaselineError) -> Int {
        let text = values[name] ?? ""
        guard let number = Int(text), range.contains(number) else {
            throw .value(text, of: name, baseline.name, expected: "a whole number in \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    func flag(_ name: String) throws(BaselineError) -> Bool {
        switch values[name] {
        case "true": true
        case "false": false
        case let text: throw .value(text ?? "", of: name, baseline.name, expected: "true or false")
        }
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, _ type: Choice.Type) throws(BaselineError) -> Choice {
        let text = values[name] ?? ""
        guard let choice = Choice(rawValue: text) else {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .value(text, of: name, baseline.name, expected: "one of \(all)")
        }
        return choice
    }
}
