import Learning

/// Worlds whose true effects are drawn at random, and whether what is said of them comes true.
struct ReliabilityCampaign {
    private(set) var proposed = Reliability()
    private(set) var naive = Reliability()
    private(set) var covered = 0
    private(set) var statements = 0

    init(worlds: Int, replicates: Int, count: Int = 40, firstSeed: UInt64 = 1) {
        for number in 0..<UInt64(worlds) {
            var draws = NormalSource(seed: 7_000_000 + firstSeed + number)
            var world = EffectWorld.spikes
            world.effects = [0] + (1...3).map { _ in 0.1 * draws.next() }
            for replicate in 0..<UInt64(replicates) {
                let episodes = world.episodes(count, seed: firstSeed + 1_000 * number + replicate)
                record(episodes, of: world)
            }
        }
    }

    private mutating func record(_ episodes: [WorldEpisode], of world: EffectWorld) {
        let usable = episodes.filter { !$0.isOverlapped }.map(\.row)
        guard let model = CausalLearner().learn(usable, classes: world.classes) else { return }
        for action in 1..<world.effects.count {
            let truth = world.effects[action]
            let effect = model.fit.effects[action]
            statements += 1
            covered += model.interval(of: effect).contains(truth) ? 1 : 0
            proposed.record(stated: model.probabilityOfFall(effect), happened: truth < 0)
            naive.record(stated: NaiveEffect(episodes, action: action).probabilityOfFall, happened: truth < 0)
        }
    }

    var coverage: Double { Double(covered) / Double(statements) }
}
