import Learning

/// Many replicates of one world, with canaries of some actions beside the episodes: what is known without them, with them, and from them alone.
struct PooledCampaign: CustomStringConvertible {
    let name: String
    let count: Int
    let canaries: Int
    private(set) var without: [EffectCampaign.Score]
    private(set) var pooled: [EffectCampaign.Score]
    private(set) var alone: [EffectCampaign.Score]
    private(set) var standardError = 0.0

    /// Settings are tried on canaries; the number of replicas is not.
    static let tried = 1...3

    /// - Parameter canaries: Of each action of ``tried``.
    init(_ name: String, _ world: EffectWorld, count: Int, canaries: Int, replicates: Int, firstSeed: UInt64 = 1) {
        self.name = name
        self.count = count
        self.canaries = canaries
        let none = Array(repeating: EffectCampaign.Score(), count: world.effects.count)
        (without, pooled, alone) = (none, none, none)
        let learner = CausalLearner()
        for seed in firstSeed..<firstSeed + UInt64(replicates) {
            let rows = world.episodes(count, seed: seed).filter { !($0.isOverlapped && world.noticesOverlaps) }.map(\.row)
            var draws = NormalSource(seed: 3_000_000 + seed)
            var contrasts: [EffectContrast] = []
            for action in Self.tried {
                for _ in 0..<canaries {
                    let canary = WorldCanary(world, action: action, &draws)
                    standardError += canary.standardError / Double(replicates * canaries * Self.tried.count)
                    contrasts.append(
                        EffectContrast(
                            action: action, excess: canary.excess, variance: canary.standardError * canary.standardError,
                            age: Double(count) * world.daysBetween * draws.unit()))
                }
            }
            Self.record(learner.learn(rows, classes: world.classes), world, &without)
            Self.record(learner.learn(rows, contrasts: contrasts, classes: world.classes), world, &pooled)
            Self.record(learner.learn([], contrasts: contrasts, classes: world.classes), world, &alone)
        }
    }

    private static func record(
        _ model: LearnedModel?, _ world: EffectWorld, _ scores: inout [EffectCampaign.Score]
    ) {
        guard let model else { return }
        let load = model.fit.meanLoad
        for action in scores.indices {
            let effect = model.fit.effects[action].predicting(world.predictedEffect(of: action, atLoad: load))
            scores[action].record(effect.total, model.interval(of: effect), truth: world.effect(of: action, atLoad: load))
        }
    }

    /// Mean half-width of the intervals of the actions that had canaries.
    static func halfWidth(_ scores: [EffectCampaign.Score]) -> Double { EffectCampaign.average(Array(scores[tried]), \.meanHalfWidth) }

    /// A row of a table: half-widths and coverage (lowest and highest of an action) without canaries, with them, and of them alone.
    var description: String {
        func text(_ scores: [EffectCampaign.Score]) -> String {
            let coverages = scores[Self.tried].map(\.coverage)
            return
                "\(EffectCampaign.text(Self.halfWidth(scores))), \(EffectCampaign.percent(EffectCampaign.average(Array(scores[Self.tried]), \.coverage))) "
                + "(\(EffectCampaign.percent(coverages.min() ?? 0))–\(EffectCampaign.percent(coverages.max() ?? 0)))"
        }
        return
            "| \(name) | \(count) | 3 × \(canaries), \(EffectCampaign.text(standardError)) | \(text(without)) | \(text(pooled)) | \(text(alone)) "
            + "| \(EffectCampaign.percent(1 - Self.halfWidth(pooled) / Self.halfWidth(without))) |"
    }
}
