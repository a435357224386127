/// One closed episode as a row of an effect model, for one outcome. All figures are logarithms unless they say otherwise.
public struct EffectRow: Sendable, Hashable {
    /// Position of the action that was drawn among those compared; `nil` for a deliberate no-op.
    public var action: Int?
    /// The outcome after, less what the physical model expects of the load that came and of the configuration in force then.
    public var residual: Double
    /// The outcome before, less what the physical model expects of the load before.
    public var residualBefore: Double
    /// Logarithm of the arrival rate after.
    public var load: Double
    /// Logarithm of the recent over the earlier arrival rate before the decision.
    public var trend: Double
    /// Effect the physical model expects of the action under the load that came; 0 for a no-op.
    public var predictedEffect: Double
    /// Chance the drawn action had, above 0 and at most 1.
    public var propensity: Double
    /// In `0...1`.
    public var quality: Double
    /// Days from the decision until now, at least 0.
    public var age: Double

    public init(
        action: Int?, residual: Double, residualBefore: Double, load: Double, trend: Double = 0, predictedEffect: Double = 0,
        propensity: Double, quality: Double = 1, age: Double = 0
    ) {
        self.action = action
        self.residual = residual
        self.residualBefore = residualBefore
        self.load = load
        self.trend = trend
        self.predictedEffect = predictedEffect
        self.propensity = propensity
        self.quality = quality
        self.age = age
    }
}
