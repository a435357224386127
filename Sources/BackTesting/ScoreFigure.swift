import Measurements
import Simulation
import Statistics

/// A figure of a scorecard.
public enum ScoreFigure: String, Sendable, Codable, Hashable, CaseIterable {
    /// Share of the arrived requests that were answered in time, `0...1`.
    case attainment
    /// Devices that were paid for, hours; of a replica from being asked for to being off.
    case gpuHours
    /// GPU-hours against those of who knows the future.
    case clairvoyantRatio
    /// Requests a second that were answered in time.
    case goodput
    /// Seconds.
    case ttftP50, ttftP95, ttftP99
    /// Seconds.
    case tpotP50, tpotP95, tpotP99
    /// Changes of the number of replicas that turned the direction of the last one, an hour.
    case reversalsPerHour
    /// Replicas that were started, an hour.
    case podStartsPerHour
    /// Minutes in which too few requests were answered in time.
    case missedMinutes
    /// Those of them that the fleet as it was at the beginning would not have missed.
    case harmMinutes
    /// Until a minute met the objective again, in the mean; seconds. None where no minute missed it.
    case timeToRecover
    /// Changes that were taken back and did no harm, or kept and did.
    case verdictErrors
    /// Changes that got a verdict.
    case verdicts

    /// Which way is better; `nil` where neither is.
    public var betterIs: Better? {
        switch self {
        case .attainment, .goodput: .higher
        case .verdicts: nil
        default: .lower
        }
    }

    public enum Better: Sendable { case higher, lower }
}

/// What figures of one seed are held against.
struct ScoreContext {
    private let devices: Double
    private let target: Double
    private let untouched: MinuteCourse
    var clairvoyantHours: Double?

    init(_ trial: ScalingTrial, target: Double, untouched: MinuteCourse) {
        devices = Double(trial.setup.devicesPerReplica)
        self.target = target
        self.untouched = untouched
    }

    func figures(of score: TrialScore) -> [ScoreFigure: Double] {
        var figures: [ScoreFigure: Double] = [:]
        for figure in ScoreFigure.allCases { figures[figure] = value(figure, score) }
        return figures
    }

    /// What is known of a schedule that was found by search.
    func figures(ofLimit limit: ScalingScore) -> [ScoreFigure: Double] {
        var figures: [ScoreFigure: Double] = [.gpuHours: limit.replicaHours * devices, .clairvoyantRatio: 1]
        figures[.attainment] = limit.attainment
        return figures
    }

    private func value(_ figure: ScoreFigure, _ score: TrialScore) -> Double? {
        switch figure {
        case .attainment: score.scaling.attainment
        case .gpuHours: score.deviceHours
        case .clairvoyantRatio: clairvoyantHours.flatMap { $0 > 0 ? score.deviceHours / ($0 * devices) : nil }
        case .goodput: score.goodput
        case .ttftP50: seconds(score.timeToFirstToken, .p50)
        case .ttftP95: seconds(score.timeToFirstToken, .p95)
        case .ttftP99: seconds(score.timeToFirstToken, .p99)
        case .tpotP50: seconds(score.timePerOutputToken, .p50)
        case .tpotP95: seconds(score.timePerOutputToken, .p95)
        case .tpotP99: seconds(score.timePerOutputToken, .p99)
        case .reversalsPerHour: score.reversalsPerHour
        case .podStartsPerHour: score.startsPerHour
        case .missedMinutes: Double(score.minutes.missedMinutes(target: target))
        case .harmMinutes: Double(score.minutes.harmMinutes(target: target, untouched: untouched))
        case .timeToRecover: score.minutes.meanRecoveryMinutes(target: target).map { $0 * 60 }
        case .verdictErrors: score.verdicts.map { Double($0.errors) }
        case .verdicts: score.verdicts.map { Double($0.judged) }
        }
    }

    private func seconds(_ histogram: LatencyHistogram, _ level: Percentile) -> Double? {
        histogram.value(at: level).map { Double($0) / 1e9 }
    }
}
