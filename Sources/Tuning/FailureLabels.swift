public import Measurements
import Policies

/// Which values of knobs made engines fail: a learned constraint, for what no rule foresees.
///
/// Each value of a knob has a failure rate with the distribution Beta(1, 9): one failure in ten trials, believed about as much as ten trials.
/// An untried value is not held against that guess, or nothing could ever be tried; one that has failed is skipped while the mean of its rate
/// is above 5 %. Failures fade with their half-life, so that one that was chance is tried again.
public struct FailureLabels: Sendable, Codable, Hashable {
    /// How an engine failed.
    public enum Kind: String, Sendable, Codable, Hashable, CaseIterable {
        case crash
        case outOfMemory
    }

    /// What is known of one value.
    struct Label: Sendable, Codable, Hashable {
        let knob: String
        let value: KnobValue
        var trials = 0.0
        var failures: [Kind: Double] = [:]
        var updated: Timestamp
    }

    private(set) var labels: [Label] = []

    public static let largestFailureRate = 0.05
    /// A failure of which less than this is left is forgotten.
    static let smallestMemory = 0.5
    static let halfLife = Nanoseconds(seconds: 7 * 86_400)
    static let maximumLabels = 1_024

    public init() {}

    /// Counts a trial of a configuration against all values that it changed; only they can be to blame.
    public mutating func record(_ tried: Configuration, changing knobs: [String], failure: Kind?, at now: Timestamp) {
        for knob in knobs {
            guard let value = tried[knob] else { continue }
            let index = labels.firstIndex { $0.knob == knob && $0.value == value } ?? labels.endIndex
            if index == labels.endIndex {
                if labels.count >= Self.maximumLabels { labels.removeFirst() }
                labels.append(Label(knob: knob, value: value, updated: now))
            }
            let place = min(index, labels.count - 1)
            labels[place] = labels[place].aged(to: now)
            labels[place].trials += 1
            if let failure { labels[place].failures[failure, default: 0] += 1 }
        }
    }

    /// Why a configuration is skipped: a value that differs from the incumbent failed before, or needs more memory than one that ran out.
    public func refusal(of configuration: Configuration, from incumbent: Configuration, in grid: TuningGrid, at now: Timestamp) -> String? {
        for knob in grid.knobs {
            guard let value = configuration[knob.name], value != incumbent[knob.name] else { continue }
            for label in labels where label.knob == knob.name {
                let label = label.aged(to: now)
                let reachesBeyond = knob.takesMemory && (value.numeric ?? 0) > (label.value.numeric ?? .infinity)
                if label.value == value, let reason = label.reason(.crash) { return reason }
                if label.value == value || reachesBeyond, let reason = label.reason(.outOfMemory) { return reason }
            }
        }
        return nil
    }
}

extension FailureLabels.Label {
    /// Mean of Beta(1 + failures, 9 + trials without one).
    func meanRate(_ kind: FailureLabels.Kind) -> Double { (1 + (failures[kind] ?? 0)) / (10 + trials) }

    func reason(_ kind: FailureLabels.Kind) -> String? {
        guard (failures[kind] ?? 0) >= FailureLabels.smallestMemory, meanRate(kind) > FailureLabels.largestFailureRate else { return nil }
        let what = kind == .crash ? "crashed engines" : "ran out of memory"
        return "\(knob)=\(value) \(what): a rate of \(Int((meanRate(kind) * 100).rounded())) % where 5 % is the most"
    }

    func aged(to now: Timestamp) -> Self {
        var aged = self
        let kept = halving(after: now.since(updated), halfLife: FailureLabels.halfLife)
        aged.trials *= kept
        aged.failures = failures.mapValues { $0 * kept }
        aged.updated = max(now, updated)
        return aged
    }
}
