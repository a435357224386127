/// What one canary showed of an action, for one outcome: two groups at the same time, of which one had the change. Log units.
///
/// A direct observation of the effect: no level, load or trigger is in it, because both groups share them.
public struct EffectContrast: Sendable, Hashable {
    /// Position of the action among those compared.
    public var action: Int
    /// The measured effect less what the physical model expected of the action.
    public var excess: Double
    /// Of ``excess``, at least 0: its squared standard error, as the canary itself could tell it.
    public var variance: Double
    /// Effect the physical model expected.
    public var predictedEffect: Double
    /// In `0...1`.
    public var quality: Double
    /// Days from the decision until now, at least 0.
    public var age: Double

    public init(action: Int, excess: Double, variance: Double, predictedEffect: Double = 0, quality: Double = 1, age: Double = 0) {
        self.action = action
        self.excess = excess
        self.variance = variance
        self.predictedEffect = predictedEffect
        self.quality = quality
        self.age = age
    }
}
