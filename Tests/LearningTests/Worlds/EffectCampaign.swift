import Learning

/// Many replicates of one world, and how estimates compare with the truth.
struct EffectCampaign: CustomStringConvertible {
    let name: String
    let replicates: Int
    let count: Int
    private(set) var proposed: [Score]
    private(set) var naive: [Score]
    /// Replicates in which the harmful last action is recommended with 80 % confidence.
    private(set) var harmRecommended = 0
    private(set) var harmRecommendedNaively = 0

    /// Of one action.
    struct Score {
        var errors: [Double] = []
        var covered = 0
        var halfWidth = 0.0

        var bias: Double { errors.reduce(0, +) / Double(errors.count) }
        var rootMeanSquare: Double { (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot() }
        var coverage: Double { Double(covered) / Double(errors.count) }
        var meanHalfWidth: Double { halfWidth / Double(errors.count) }

        mutating func record(_ estimate: Double, _ interval: ClosedRange<Double>, truth: Double) {
            errors.append(estimate - truth)
            covered += interval.contains(truth) ? 1 : 0
            halfWidth += (interval.upperBound - interval.lowerBound) / 2
        }
    }

    init(_ name: String, _ world: EffectWorld, count: Int, replicates: Int, firstSeed: UInt64 = 1) {
        self.name = name
        self.count = count
        self.replicates = replicates
        let actions = world.effects.count
        proposed = Array(repeating: Score(), count: actions)
        naive = Array(repeating: Score(), count: actions)
        for seed in firstSeed..<firstSeed + UInt64(replicates) {
            let episodes = world.episodes(count, seed: seed)
            let usable = episodes.filter { !($0.isOverlapped && world.noticesOverlaps) }
            guard let model = CausalLearner().learn(usable.map(\.row), classes: world.classes) else { continue }
            let fit = model.fit
            for action in 0..<actions {
                let truth = world.effect(of: action, atLoad: fit.meanLoad)
                var effect = fit.effects[action]
                effect = effect.predicting(world.predictedEffect(of: action, atLoad: fit.meanLoad))
                proposed[action].record(effect.total, model.interval(of: effect), truth: truth)
                let before = NaiveEffect(episodes, action: action)
                naive[action].record(before.mean, before.interval, truth: truth)
                guard action == actions - 1 else { continue }
                harmRecommended += model.probabilityOfFall(effect) >= 0.8 ? 1 : 0
                harmRecommendedNaively += before.probabilityOfFall >= 0.8 ? 1 : 0
            }
        }
    }

    static func average(_ scores: [Score], _ value: (Score) -> Double) -> Double {
        scores.reduce(0) { $0 + value($1) } / Double(scores.count)
    }

    static func rootMeanSquare(_ scores: [Score]) -> Double {
        average(scores) { $0.rootMeanSquare * $0.rootMeanSquare }.squareRoot()
    }

    /// A row of a table: biases, root mean squares, coverage (lowest and highest of an action), half-width; naive beside ours.
    var description: String {
        func list(_ values: [Double]) -> String { values.map { ($0 < 0 ? "−" : "+") + Self.text(abs($0)) }.joined(separator: " ") }
        let coverages = proposed.map(\.coverage)
        return
            "| \(name) | \(count) | \(list(naive.map(\.bias))) | \(Self.percent(Self.average(naive, \.coverage))) | \(list(proposed.map(\.bias))) "
            + "| \(Self.text(Self.rootMeanSquare(naive))) → \(Self.text(Self.rootMeanSquare(proposed))) "
            + "| \(Self.percent(Self.average(proposed, \.coverage))) (\(Self.percent(coverages.min() ?? 0))–\(Self.percent(coverages.max() ?? 0))) "
            + "| \(Self.text(Self.average(proposed, \.meanHalfWidth))) | \(harmRecommended) vs \(harmRecommendedNaively) of \(replicates) |"
    }

    static func text(_ value: Double) -> String {
        let thousandths = Int((value * 1_000).rounded())
        return "0." + String(repeating: "0", count: max(0, 3 - String(thousandths).count)) + "\(thousandths)"
    }

    static func percent(_ value: Double) -> String { "\((value * 1_000).rounded() / 10) %" }
}
