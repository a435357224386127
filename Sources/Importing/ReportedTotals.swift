import Documents
import Measurements

/// How many requests a tool says there were, and for how long; what cannot be true is left out and said so.
enum ReportedTotals {
    /// Of requests, tokens, errors and connections.
    static let counts = 0.0...1e9
}

extension SourceRun {
    /// A count in ``ReportedTotals/counts``, rounded, for means over several runs are no whole numbers.
    /// - Parameter name: Its place in the source.
    mutating func total(_ reading: NumberReading, named name: String) -> Int? {
        switch reading {
        case .missing: return nil
        case .finite(let value) where ReportedTotals.counts.contains(value): return Int(value.rounded())
        case .finite(let value): warn("the reported \(name) is \(value), expected a count in 0...1000000000; it was left out")
        case .notFinite: warn("the reported \(name) is not finite and was left out")
        case .notANumber: warn("the reported \(name) is no number and was left out")
        }
        return nil
    }

    /// A count under keys of a document.
    mutating func total(_ document: DocumentValue, _ keys: String...) -> Int? {
        let reading = document[keys]?.number ?? .missing
        return total(reading, named: keys.joined(separator: "."))
    }

    /// A length of time, at least 0.
    /// - Parameter unit: Seconds in one of the reading's unit.
    mutating func length(_ reading: NumberReading, unit: Double = 1, named name: String) -> Nanoseconds? {
        if reading == .notFinite { warn("the reported \(name) is not finite and was left out") }
        guard let value = reading.value else { return nil }
        guard value >= 0 else {
            warn("the reported \(name) is \(value), and no time is shorter than 0; it was left out")
            return nil
        }
        return Nanoseconds(seconds: value * unit)
    }

    /// Those that were answered, of all and of those that failed.
    mutating func completed(of total: Int?, failed: Int?) -> Int? {
        guard let total else { return nil }
        guard let failed else { return total }
        guard failed <= total else {
            warn("\(failed) of \(total) requests are reported to have failed; how many were answered was left out")
            return nil
        }
        return total - failed
    }

    /// The share of requests that failed, from the totals, where both are known and there was a request.
    mutating func deriveErrorRate() { deriveErrorRate(failed: failed) }

    /// The same, of a tool that need not say how many failed.
    mutating func deriveErrorRate(failed: Int?) {
        guard let completed, let failed else { return }
        let all = Double(completed) + Double(failed)
        if all > 0 { reported.errorRate = Double(failed) / all }
    }
}

extension DocumentValue {
    /// A whole number in ``ReportedTotals/counts``.
    var boundedCount: Int? { integer.flatMap { ReportedTotals.counts.contains(Double($0)) ? Int($0) : nil } }

    /// A whole number in ``ReportedTotals/counts``.
    func count(_ keys: String...) -> Int? { self[keys]?.boundedCount }
}
