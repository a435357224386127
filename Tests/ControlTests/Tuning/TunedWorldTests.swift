import Foundation
import Learning
import Measurements
import Policies
import Synchronization
import Testing
import Tuning

@testable import Control

/// Seeded random worlds in which the loop tunes a knob by itself, with kills, lost answers and two controllers.
@Suite("Random worlds that are tuned")
struct TunedWorldTests {
    @Test("hold every promise, and learn from each trial once", arguments: 0..<6 as Range<UInt64>)
    func promises(seed: UInt64) async throws {
        let run = try WorldRun(seed: seed, canaries: seed % 2 == 0 ? .objects : .partition, tunes: true)
        await run.run()
        let violations = run.world.state.withLock(\.violations)
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
        let journal = run.world.journals[run.world.state.withLock(\.leader)]
        let (adjustments, stored) = journal.state.withLock { (Array($0.adjustments.values), $0.tuners.values.first) }
        let drawn = adjustments.filter { $0.kind == .tuned }
        #expect(drawn.contains { !$0.isOpen }, "nothing was tried")
        // Nothing that was drawn came to the whole target before it was proved on a part of it.
        for one in drawn where one.trial?.wasPromoted == true { #expect(one.reached(.observing) != nil) }
        // With a partition the value is written to the target for the canary too.
        for write in run.world.target.state.withLock(\.writes) where write.order.direction == .forward && seed % 2 == 0 {
            guard let one = drawn.first(where: { $0.id == write.order.adjustment }) else { continue }
            #expect(one.trial?.wasPromoted == true, "a trial was sent to the whole target at once")
        }
        // One that has just ended is learned at the next look.
        let finished = adjustments.filter {
            !$0.isOpen && $0.experimentResult?.effect != nil && run.world.now.since($0.endedAt).duration > .seconds(300)
        }
        let rows = try #require(stored).memory().tuner.effects.rows
        #expect(
            (finished.count...finished.count + 1).contains(rows.count), "\(rows.count) rows of \(finished.count) trials that were measured")
    }
}
