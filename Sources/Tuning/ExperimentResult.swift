public import Learning

/// What is learned from an experiment that has ended.
public struct ExperimentResult: Sendable, Codable, Hashable {
    public var from: Configuration
    /// As ``from`` for a holdout.
    public var tried: Configuration
    /// Afterwards.
    public var inForce: Configuration
    /// Whether an engine ran with it.
    public var wasApplied: Bool
    /// Log ratio of the objective; `nil` where nothing could be measured.
    public var effect: EffectEstimate?
    public var failure: FailureLabels.Kind?
    public var isUrgent: Bool

    public init(
        from: Configuration, tried: Configuration, inForce: Configuration, wasApplied: Bool, effect: EffectEstimate? = nil,
        failure: FailureLabels.Kind? = nil, isUrgent: Bool = false
    ) {
        self.from = from
        self.tried = tried
        self.inForce = inForce
        self.wasApplied = wasApplied
        self.effect = effect
        self.failure = failure
        self.isUrgent = isUrgent
    }
}
