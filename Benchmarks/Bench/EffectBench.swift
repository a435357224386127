import Foundation
import Learning
import Statistics

/// One effect model of 2 000 episodes: 10 actions, each with its own slope over the load, make 24 coefficients.
func measureLearning() {
    var generator = SplitMix64(seed: 1)
    func unit() -> Double { Double(generator.next() >> 11) * 0x1p-53 - 0.5 }
    let rows = (0..<2_000).map { number in
        let drawn = Int(generator.next() % 11)
        let before = unit()
        let load = unit()
        let effect = drawn == 10 ? 0 : 0.02 * Double(drawn)
        return EffectRow(
            action: drawn == 10 ? nil : drawn, residual: 0.4 * before + 0.3 * load + effect + 0.4 * unit(), residualBefore: before,
            load: load,
            trend: unit(), propensity: 1.0 / 11, age: Double(2_000 - number) / 100)
    }
    var worst = 0.0
    let solving = bestOf(20) {
        guard let fit = EffectRegression().fit(rows, actions: 10) else { return }
        worst = fit.effects.enumerated().map { abs($1.excess - 0.02 * Double($0)) }.max() ?? 0
    }
    row("effect model, 2 000 episodes, 24 coefficients", "\((solving * 1e5).rounded() / 100) ms", target: "<= 5 ms")
    row("  check: largest error of an effect", "\((worst * 1e3).rounded() / 1e3)", target: "")
    let learning = bestOf(5) { _ = CausalLearner().learn(rows, classes: Array(repeating: 0, count: 10)) }
    row("  with prior width, drift and calibration", "\((learning * 1e5).rounded() / 100) ms", target: "")
}
