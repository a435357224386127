import Control
import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Synchronization
import Testing
import Verification

/// Seeded random worlds through the production loop, on simulated ports and clock; the promises are checked after every step.
///
/// `WORLDS=1000` runs more of them, `WORLD_SEED=n` one alone.
@Suite("Random worlds")
struct WorldTests {
    static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["WORLD_SEED"].flatMap(UInt64.init) { return seed..<seed + 1 }
        return 0..<(environment["WORLDS"].flatMap(UInt64.init) ?? 60)
    }()

    @Test("hold every promise after every step")
    func promises() async throws {
        var ends: [AdjustmentState: Int] = [:]
        for seed in Self.seeds {
            let run = try WorldRun(seed: seed)
            await run.run()
            let violations = run.world.state.withLock(\.violations)
            #expect(
                violations.isEmpty,
                "\(violations.joined(separator: "\n"))\nreplay with: WORLD_SEED=\(seed) swift test --filter WorldTests")
            for (state, count) in run.ends { ends[state, default: 0] += count }
        }
        // Worlds in which nothing happens would prove nothing.
        if Self.seeds.count >= 50 {
            for state in [AdjustmentState.kept, .rolledBack, .superseded, .failed, .rejected] {
                #expect(ends[state, default: 0] > 0, "no world ended an adjustment as \(state): \(ends)")
            }
        }
    }

    /// A quarter as many, for each is as long as ten others.
    @Test("hold every promise after every step where changes are tried on a part of the replicas first")
    func canaries() async throws {
        var ends: [String: Int] = [:]
        for seed in Self.canarySeeds {
            let run = try WorldRun(seed: seed, canaries: seed % 2 == 0 ? .objects : .partition)
            await run.run()
            let violations = run.world.state.withLock(\.violations)
            #expect(
                violations.isEmpty,
                "\(violations.joined(separator: "\n"))\nreplay with: WORLD_SEED=\(seed) swift test --filter WorldTests/canaries")
            if Self.seeds.count == 1 { run.world.state.withLock { $0.events.forEach { print($0.time, $0.kind.rawValue, $0.message) } } }
            for (end, count) in run.trialEnds { ends[end, default: 0] += count }
        }
        print("ends of canaries: \(ends.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))")
        if Self.canarySeeds.count >= 12 {
            for end in ["kept", "rolledBack worsened", "rolledBack after promotion", "superseded", "failed"] {
                #expect(ends[end, default: 0] > 0, "no world ended a canary as \(end): \(ends)")
            }
        }
    }

    private static var canarySeeds: Range<UInt64> { seeds.count == 1 ? seeds : 0..<UInt64(max(1, seeds.count / 4)) }

    @Test(
        "the same seed gives the same history",
        arguments: [(3, nil), (17, nil), (1, .partition), (2, .objects)] as [(UInt64, WorldGroups.Form?)])
    func determinism(seed: UInt64, canaries: WorldGroups.Form?) async throws {
        let one = try WorldRun(seed: seed, canaries: canaries)
        await one.run()
        let other = try WorldRun(seed: seed, canaries: canaries)
        await other.run()
        #expect(one.world.state.withLock(\.events) == other.world.state.withLock(\.events))
        #expect(!one.world.state.withLock(\.events).isEmpty)
    }
}
