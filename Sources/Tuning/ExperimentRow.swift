public import Learning
public import Measurements

/// What one experiment measured: the log ratio of the objective under one configuration to that under another, at the same time.
public struct ExperimentRow: Sendable, Codable, Hashable {
    public var from: Configuration
    public var to: Configuration
    /// Of `to` over `from`; below zero is better.
    public var effect: EffectEstimate
    public var time: Timestamp
    /// Drawn without chance while the objective burned: counts a quarter (pitfall P17).
    public var isUrgent: Bool

    /// - Parameter effect: Finite; a deviation below 0.03 is believed to be 0.03, as loads differ from one experiment to the next.
    public init(from: Configuration, to: Configuration, effect: EffectEstimate, time: Timestamp, isUrgent: Bool = false) {
        self.from = from
        self.to = to
        self.effect = effect
        self.time = time
        self.isUrgent = isUrgent
    }
}
