import Foundation
import Measurements
import Tuning

/// Many runs of each way of tuning on one service.
struct TuningCampaign: CustomStringConvertible {
    enum Way: String, CaseIterable {
        case twin, flat, random, naive
    }

    let world: TuningWorld
    let landscape: TuningWorld.Landscape
    let seeds: ClosedRange<UInt64>
    private(set) var results: [Way: [TrialResult]] = [:]

    init(_ world: TuningWorld, landscape: TuningWorld.Landscape? = nil, ways: [Way] = Way.allCases, seeds: ClosedRange<UInt64>) {
        self.world = world
        self.landscape = landscape ?? world.landscape()
        self.seeds = seeds
        for way in ways { results[way] = seeds.map { kept(way, seed: $0) } }
    }

    /// Of an earlier run where `CAMPAIGN_RUNS` names a directory for them, so that a campaign may be run in parts; a changed tuner needs another one.
    private func kept(_ way: Way, seed: UInt64) -> TrialResult {
        guard let directory = ProcessInfo.processInfo.environment["CAMPAIGN_RUNS"] else { return run(way, seed: seed) }
        let file = URL(fileURLWithPath: directory).appending(path: "\(world.name), \(way.rawValue), \(seed).json")
        // One that is not there, or not whole, is run.
        if let data = try? Data(contentsOf: file), let result = try? JSONDecoder().decode(TrialResult.self, from: data) { return result }
        let result = run(way, seed: seed)
        // Without it the run is made again.
        try? JSONEncoder().encode(result).write(to: file)
        return result
    }

    private func run(_ way: Way, seed: UInt64) -> TrialResult {
        let order: TunerTrial.Order
        switch way {
        case .naive:
            return NaiveTrial(world: world, landscape: landscape, episodes: world.episodes, window: world.naiveWindow).run(seed: seed)
        case .twin: order = .twin
        case .flat: order = .flat
        case .random: order = .random
        }
        return TunerTrial(world: world, landscape: landscape, order: order).run(seed: seed)
    }

    // MARK: What came of it

    /// Episodes to within 0.08 of the best objective; a run that never came there counts one more than there were.
    func episodesToNear(_ way: Way, quantile: Double = 0.5) -> Double {
        let counts = results[way, default: []].map { Double($0.episodes(within: 0.08, of: landscape.best) ?? world.episodes + 1) }
        return Self.quantile(counts, quantile)
    }

    func finalObjective(_ way: Way) -> Double { mean(way) { landscape[$0.final].objective } }

    func worstFinalObjective(_ way: Way) -> Double { results[way, default: []].map { landscape[$0.final].objective }.max() ?? .nan }

    func causedMisses(_ way: Way) -> Double { mean(way, \.causedMisses) }

    func longestUnstable(_ way: Way) -> Double { results[way, default: []].map(\.longestUnstable).max() ?? .nan }

    private func mean(_ way: Way, _ value: (TrialResult) -> Double) -> Double {
        let values = results[way, default: []].map(value)
        return values.reduce(0, +) / Double(values.count)
    }

    static func quantile(_ values: [Double], _ share: Double) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }

    /// A table as in the documentation.
    var description: String {
        func text(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
        let title =
            "\(world.name), \(world.rate) requests/s, start \(text(landscape[world.start].objective, 3)), best \(text(landscape.best, 3))"
        let rows = Way.allCases.filter { results[$0] != nil }.map { way in
            let near = "\(text(episodesToNear(way), 1)) / \(text(episodesToNear(way, quantile: 0.9), 1))"
            let objectives = "\(text(finalObjective(way), 3)) | \(text(worstFinalObjective(way), 3))"
            let kept = text(mean(way) { Double($0.kept) }, 1)
            let hours = text(mean(way) { $0.seconds / 3_600 }, 1)
            return
                "| \(way.rawValue) | \(near) | \(objectives) | \(text(causedMisses(way), 0)) | \(text(longestUnstable(way), 0)) | \(kept) | \(hours) |"
        }
        let endings = Way.allCases.flatMap { way in
            zip(seeds, results[way, default: []]).flatMap { seed, result in result.endings.map { "\(way.rawValue) \(seed): \($0)" } }
        }
        return ([title] + rows + endings).joined(separator: "\n")
    }
}
