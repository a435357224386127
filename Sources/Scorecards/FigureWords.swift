import BackTesting
import Policies
import Statistics

extension ScoreFigure {
    /// As a column's title.
    var title: String {
        switch self {
        case .attainment: "in time"
        case .gpuHours: "GPU-hours"
        case .clairvoyantRatio: "× clairvoyant"
        case .goodput: "goodput /s"
        case .ttftP50: "TTFT p50"
        case .ttftP95: "TTFT p95"
        case .ttftP99: "TTFT p99"
        case .tpotP50: "TPOT p50"
        case .tpotP95: "TPOT p95"
        case .tpotP99: "TPOT p99"
        case .reversalsPerHour: "reversals /h"
        case .podStartsPerHour: "pod starts /h"
        case .missedMinutes: "missed min"
        case .harmMinutes: "harm min"
        case .timeToRecover: "recovery"
        case .verdictErrors: "verdict errors"
        case .verdicts: "verdicts"
        }
    }

    /// A value with its unit.
    func text(_ value: Double) -> String {
        switch self {
        case .attainment: Self.decimal(value * 100, places: 2) + " %"
        case .clairvoyantRatio, .goodput, .reversalsPerHour, .podStartsPerHour: Self.decimal(value, places: 2)
        case .gpuHours, .missedMinutes, .harmMinutes, .verdictErrors, .verdicts: Self.decimal(value, places: 1)
        case .ttftP50, .ttftP95, .ttftP99, .tpotP50, .tpotP95, .tpotP99: FigureText.latency(seconds: value)
        case .timeToRecover: FigureText.latency(seconds: value.rounded())
        }
    }

    /// A difference, without a unit where its column tells.
    func signed(_ value: Double) -> String {
        let text = text(abs(value))
        let sign = value < 0 ? "−" : "+"
        // What rounds to nothing has no direction.
        return text.contains { $0.isNumber && $0 != "0" } ? sign + text : text
    }

    /// A mean with the half of its interval.
    func text(_ estimate: SeedEstimate?) -> String {
        guard let estimate else { return "–" }
        guard let interval = estimate.interval else { return text(estimate.mean) }
        return "\(text(estimate.mean)) ± \(text(interval.halfWidth))"
    }

    /// A difference with its interval.
    func difference(_ estimate: SeedEstimate?) -> String {
        guard let estimate else { return "–" }
        guard let interval = estimate.interval else { return signed(estimate.mean) }
        return "\(signed(estimate.mean)) (\(signed(interval.lower)) to \(signed(interval.upper)))"
    }

    /// Whether a difference speaks for the contestant that has it; `nil` where its interval holds both.
    func isBetter(_ difference: SeedEstimate?) -> Bool? {
        guard let interval = difference?.interval, let betterIs else { return nil }
        if interval.lower > 0 { return betterIs == .higher }
        return interval.upper < 0 ? betterIs == .lower : nil
    }

    private static func decimal(_ value: Double, places: Int) -> String {
        let scale = places == 1 ? 10.0 : 100.0
        guard value.isFinite, abs(value) < 1e12 else { return FigureText.number(value) }
        let scaled = Int64((abs(value) * scale).rounded())
        let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        let fraction = String(rest)
        let padded = String(repeating: "0", count: places - fraction.count) + fraction
        return (value < 0 && scaled != 0 ? "−" : "") + FigureText.count(Int(whole)) + "." + padded
    }
}

extension Scorecard {
    /// Tables of at most this many columns fit a terminal.
    static let tables: [(title: String, figures: [ScoreFigure])] = [
        ("Service and cost", [.attainment, .gpuHours, .clairvoyantRatio, .goodput]),
        (
            "Time to the first token, and between tokens, of what was answered",
            [.ttftP50, .ttftP95, .ttftP99, .tpotP50, .tpotP95, .tpotP99]
        ),
        ("How it behaved", [.reversalsPerHour, .podStartsPerHour, .missedMinutes, .harmMinutes, .timeToRecover, .verdictErrors]),
    ]
    /// Figures whose differences are told.
    static let compared: [ScoreFigure] = [.attainment, .gpuHours, .ttftP95, .harmMinutes]

    var headline: String {
        let count = FigureText.count(circumstances.requests)
        return
            "Back-test on \(circumstances.trace): \(count) requests in \(FigureText.duration(.seconds(Int(circumstances.seconds.rounded()))))"
    }

    /// A sentence each.
    var setting: [String] {
        let one = circumstances
        let rate = one.seconds > 0 ? Double(one.requests) / one.seconds : 0
        let seedText = seeds.count == 1 ? "1 seed" : "\(seeds.count) seeds"
        return [
            "\(FigureText.number(rate)) requests/s in the mean, \(FigureText.count(Int(one.meanInputTokens.rounded()))) tokens in and "
                + "\(FigureText.count(Int(one.meanOutputTokens.rounded()))) out; of the first seed.",
            "\(one.engine); \(one.minimumReplicas) to \(one.maximumReplicas) replicas, \(one.replicasAtFirst) at first, cold start "
                + "\(FigureText.latency(seconds: one.coldStartSeconds)); \(seedText), the same for all.",
            "In time: \(one.objective). What came in the first \(FigureText.duration(.seconds(Int(one.warmUpSeconds)))) is not counted; what had "
                + "no answer at the end was not in time.",
        ]
    }

    /// What must be known to read the figures.
    var remarks: [String] {
        let target = FigureText.percent(circumstances.target)
        var remarks = [
            "missed min: minutes in which fewer than \(target) were in time; harm min: those that the fleet as it was at first would not have "
                + "missed; recovery: until a minute was in time again, in the mean."
        ]
        if rows.contains(where: { $0.estimate(.verdictErrors) != nil }) {
            remarks.append(
                "verdict errors: changes taken back that did no harm, or kept that did, held against a twin of the pool without the change."
            )
        }
        remarks.append(
            seeds.count > 1
                ? "±, (from to): 95 % intervals from the seeds, Student's; differences are between contestants on the same seed."
                : "One seed tells nothing about chance: --seeds 5 gives intervals.")
        return remarks + circumstances.notes
    }
}
