import Foundation
import Learning
import Statistics

/// A canary in a world: two groups of replicas that share load, level and spikes, of which one takes an action.
///
/// What is left of buckets of 10 s is their difference: noise that lasts, and hardware. The two replicas of a group differ from others by 3 % in
/// speed, which is 5.5 % in latency, and come back on other hardware with the change, which no figure of the canary tells.
struct WorldCanary {
    /// How far the effect is above what physics expected, as measured, and its standard error.
    private(set) var excess = 0.0
    private(set) var standardError = 0.0
    private(set) var buckets = 0

    static let hardware = 0.055
    private static let before = 60
    private static let longest = 120
    private static let fewest = 8
    /// Standard errors at which it ends early, as a confidence sequence does.
    private static let proof = 3.5

    init(_ world: EffectWorld, action: Int, _ draws: inout NormalSource) {
        let load = 0.35 * draws.next()
        let effect = world.effect(of: action, atLoad: load) - world.predictedEffect(of: action, atLoad: load)
        let shift = effect + Self.hardware * draws.next()
        var lasting = 0.0
        func difference() -> Double {
            lasting = 0.5 * lasting + 0.07 * draws.next()
            return lasting + 0.06 * draws.next()
        }
        let before = (0..<Self.before).map { _ in difference() }
        let level = before.reduce(0, +) / Double(Self.before)
        let varianceBefore = Self.longRunVariance(before)
        var after: [Double] = []
        while after.count < Self.longest {
            after.append(shift + difference())
            guard after.count >= Self.fewest, after.count.isMultiple(of: 4) else { continue }
            let variance = max(Self.longRunVariance(after), varianceBefore)
            excess = after.reduce(0, +) / Double(after.count) - level
            standardError = (variance / Double(after.count) + varianceBefore / Double(Self.before)).squareRoot()
            if abs(excess) > Self.proof * standardError { break }
        }
        buckets = after.count
    }

    /// Bartlett's weights over four lags.
    private static func longRunVariance(_ values: [Double]) -> Double {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        func covariance(_ lag: Int) -> Double {
            zip(values, values.dropFirst(lag)).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } / count
        }
        let sum = (1...4).reduce(covariance(0)) { $0 + 2 * (1 - Double($1) / 5) * covariance($1) }
        return max(sum, covariance(0) / 2) * (count + 1) / (count - 1)
    }
}
