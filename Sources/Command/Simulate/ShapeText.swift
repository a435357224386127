import BackTesting
import Measurements
import Policies
import PolicyFiles
import Simulation

/// A load described in a line: `step:before=2,after=6,at=30m`.
enum ShapeText {
    /// What each shape expects; the last ones may be left out.
    private static let parameters: [(name: String, keys: [String])] = [
        ("constant", ["rate"]), ("step", ["before", "after", "at"]), ("ramp", ["from", "to", "over"]),
        ("diurnal", ["mean", "amplitude", "period"]), ("spike", ["base", "peak", "at", "for"]), ("drift", ["rate", "factor", "over"]),
    ]
    /// Every shape may have them.
    private static let common = ["bursts"]

    static let examples =
        "constant:rate=5, step:before=2,after=6,at=30m, ramp:from=1,to=8,over=1h, diurnal:mean=5,amplitude=60%,period=24h, "
        + "spike:base=2,peak=9,at=30m,for=5m, drift:rate=5,factor=3,over=2h"

    /// - Returns: `nil` where the text does not begin with the name of a shape and a colon.
    static func source(_ text: String) throws -> TrialLoad.Source? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let shape = parameters.first(where: { $0.name == parts[0] }) else { return nil }
        var fields = try ShapeFields(parts[1], of: shape.name, required: shape.keys, optional: common)
        let variation = try fields.number("bursts", in: 0.01...20, otherwise: 1)
        let process: ArrivalProcess = variation == 1 ? .poisson : .gamma(variation: variation)
        switch shape.name {
        case "constant": return .shape(.constant(rate: try fields.rate("rate")), process, nil)
        case "step":
            let (before, after) = (try fields.rate("before"), try fields.rate("after"))
            return .shape(.step(before: before, after: after, atSecond: try fields.seconds("at")), process, nil)
        case "ramp":
            let (from, to) = (try fields.rate("from"), try fields.rate("to"))
            return .shape(.ramp(from: from, to: to, seconds: try fields.seconds("over")), process, nil)
        case "diurnal":
            let (mean, amplitude) = (try fields.rate("mean"), try fields.share("amplitude"))
            return .shape(.diurnal(mean: mean, amplitude: amplitude, periodSeconds: try fields.seconds("period")), process, nil)
        case "spike":
            let (base, peak) = (try fields.rate("base"), try fields.rate("peak"))
            let (at, length) = (try fields.seconds("at"), try fields.seconds("for"))
            return .shape(.spike(base: base, peak: peak, atSecond: at, seconds: length), process, nil)
        default:
            let drift = LengthDrift(
                factor: try fields.number("factor", in: 0.01...100), fromSecond: 0, toSecond: try fields.seconds("over"))
            return .shape(.constant(rate: try fields.rate("rate")), process, drift)
        }
    }
}

/// The `KEY=VALUE` pairs of a shape.
private struct ShapeFields {
    private let shape: String
    private var values: [String: String] = [:]

    init(_ text: String, of shape: String, required: [String], optional: [String]) throws {
        self.shape = shape
        for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, required.contains(parts[0]) || optional.contains(parts[0]) else {
                let names = (required.map { $0 + "=…" } + optional.map { "[\($0)=…]" }).joined(separator: ",")
                throw CommandFailure("--trace \(shape): '\(pair)' is none of its settings; expected \(shape):\(names)")
            }
            guard values.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw CommandFailure("--trace \(shape): '\(parts[0])' is given twice")
            }
        }
        if let missing = required.first(where: { values[$0] == nil }) {
            throw CommandFailure("--trace \(shape): '\(missing)' is missing; for example --trace \(ShapeText.examples)")
        }
    }

    /// Requests per second, as `5` or `5/s`.
    mutating func rate(_ key: String) throws -> Double {
        if let text = values[key], text.hasSuffix("/s") { values[key] = String(text.dropLast(2)) }
        return try number(key, in: 0...100_000)
    }

    func number(_ key: String, in range: ClosedRange<Double>, otherwise: Double? = nil) throws -> Double {
        guard let text = values[key] else {
            guard let otherwise else { preconditionFailure("'\(key)' was checked to be there") }
            return otherwise
        }
        guard let number = Double(text), range.contains(number) else {
            throw CommandFailure(
                "--trace \(shape): '\(key)' is '\(text)', expected a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func share(_ key: String) throws -> Double {
        try ShareText.share(values[key] ?? "", "--trace \(shape): '\(key)'", below: 1)
    }

    func seconds(_ key: String) throws -> Double { try TimeText.duration(values[key] ?? "", "--trace \(shape): '\(key)'").inSeconds }
}

/// Durations of options.
enum TimeText {
    static let longest = Duration.seconds(100 * 86_400)

    /// - Parameter place: As the message begins.
    static func duration(_ text: String, _ place: String, atLeast least: Duration = .milliseconds(1)) throws -> Duration {
        let duration: Duration
        do {
            duration = try parseDuration(text)
        } catch {
            throw CommandFailure("\(place) is '\(text)': \(error)")
        }
        guard duration >= least, duration <= longest else {
            throw CommandFailure("\(place) is '\(text)', expected \(FigureText.duration(least)) to \(FigureText.duration(longest))")
        }
        return duration
    }
}

/// Shares of options, as `60%` or `0.6`.
enum ShareText {
    static func share(_ text: String, _ place: String, below bound: Double = 1.000_000_1) throws -> Double {
        let isPercent = text.hasSuffix("%")
        let number = Double(isPercent ? String(text.dropLast()) : text).map { isPercent ? $0 / 100 : $0 }
        guard let number, number >= 0, number < bound else {
            throw CommandFailure("\(place) is '\(text)', expected a share such as 60% or 0.6")
        }
        return number
    }
}
