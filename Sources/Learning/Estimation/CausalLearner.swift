/// Learns effects from episodes: the regression, the width of its prior, what drift has made out of date, and how far its intervals hold.
public struct CausalLearner: Sendable {
    public var settings: EffectSettings

    public init(settings: EffectSettings = EffectSettings()) { self.settings = settings }

    /// - Parameters:
    ///   - rows: Usable episodes, oldest first.
    ///   - contrasts: What canaries showed, in any order.
    ///   - classes: One number an action: those of a class are wrong in physics by about as much.
    /// - Returns: `nil` without rows and contrasts, or with more actions than a model holds.
    public func learn(_ rows: [EffectRow], contrasts: [EffectContrast] = [], classes: [Int]) -> LearnedModel? {
        let actions = classes.count
        let regression = EffectRegression(settings: settings)
        let vague = Array(repeating: PriorWidth.largest, count: actions)
        guard let wide = regression.fit(rows, actions: actions, widths: vague, contrasts: contrasts) else { return nil }
        let widths = PriorWidth(fallback: settings.priorDeviation).widths(wide.effects, classes: classes)
        guard let forecasts = EpisodeForecasts(rows, widths: widths, fit: wide, settings: settings),
            let fit = regression.fit(
                rows, actions: actions, widths: widths, weightOf: forecasts.factors,
                contrasts: contrasts.map { $0.discounted(by: forecasts.changes) })
        else { return nil }
        return LearnedModel(
            fit: fit, widths: widths, widening: forecasts.widening.factor, changes: forecasts.changes,
            reliability: forecasts.reliability, covered: forecasts.covered, stated: forecasts.stated)
    }
}

/// What was learned of one outcome.
public struct LearnedModel: Sendable {
    public let fit: EffectFit
    /// Prior deviation of every action, log units.
    public let widths: [Double]
    /// Factor on deviations that makes intervals hold.
    public let widening: Double
    /// Oldest first.
    public let changes: [ChangePoint]
    /// Of the statements that an action's next episode would show a fall.
    public let reliability: Reliability
    /// 90 % intervals for an action's next episode that held, of ``stated``.
    public let covered: Int
    public let stated: Int

    /// The effect of an action beside physics, with its interval widened as experience asks.
    public func interval(of effect: FittedEffect, confidence: Double = 0.9) -> ClosedRange<Double> {
        effect.interval(
            confidence: confidence, degreesOfFreedom: effect.degreesOfFreedom(ofRows: fit.degreesOfFreedom),
            widening: effect.widening(ofRows: widening))
    }

    /// Probability that the outcome falls, in `0...1`.
    public func probabilityOfFall(_ effect: FittedEffect) -> Double {
        effect.probabilityOfFall(
            degreesOfFreedom: effect.degreesOfFreedom(ofRows: fit.degreesOfFreedom), widening: effect.widening(ofRows: widening))
    }
}

extension EffectContrast {
    /// What lies before a change point counts as little as the episodes there.
    fileprivate func discounted(by changes: [ChangePoint]) -> EffectContrast {
        var contrast = self
        for change in changes where age > change.age && (change.action ?? action) == action {
            contrast.quality *= EpisodeForecasts.discount
        }
        return contrast
    }
}
