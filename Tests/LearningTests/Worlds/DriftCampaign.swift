import Learning

/// Worlds in which the effect of one action changes for good, and how far the belief is off before and after.
struct DriftCampaign {
    /// Mean over the worlds of the estimate less the new truth, by episodes since the change.
    private(set) var bias: [Int: Double] = [:]
    private(set) var rootMeanSquare: [Int: Double] = [:]
    /// Worlds in which a change point of the action was found.
    private(set) var found = 0

    static let changed = 1
    static let step = 0.15

    init(worlds: Int, before: Int, checks: [Int], firstSeed: UInt64 = 1, learner: CausalLearner = CausalLearner()) {
        let world = EffectWorld.world {
            $0.overlapChance = 0
            $0.daysBetween = 0.125
        }
        var errors: [Int: [Double]] = [:]
        for seed in firstSeed..<firstSeed + UInt64(worlds) {
            var course = WorldCourse(world: world, seed: seed)
            var rows: [EffectRow] = []
            var effects = world.effects
            effects[Self.changed] += Self.step
            let last = checks.max() ?? 0
            for index in 0..<before + last {
                if index == before { course.effects = effects }
                rows.append(course.next(age: 0).row)
                let since = index + 1 - before
                guard checks.contains(since) else { continue }
                for position in rows.indices { rows[position].age = Double(rows.count - 1 - position) * world.daysBetween }
                guard let model = learner.learn(rows, classes: world.classes) else { continue }
                errors[since, default: []].append(model.fit.effects[Self.changed].excess - effects[Self.changed])
                if since == last { found += model.changes.contains { $0.action == Self.changed } ? 1 : 0 }
            }
        }
        for (check, values) in errors {
            bias[check] = values.reduce(0, +) / Double(values.count)
            rootMeanSquare[check] = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
        }
    }
}
