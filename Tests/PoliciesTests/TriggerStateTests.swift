import Foundation
import Measurements
import Policies
import Testing

@Suite struct TriggerStateTests {
    let start = Timestamp(secondsSinceEpoch: 1_800_000_000)

    var trigger: Trigger {
        var trigger = Trigger(name: "slow", type: .latencyThreshold, condition: .and([]))
        trigger.holdFor = .seconds(90)
        trigger.cooldown = .seconds(600)
        trigger.cooldownAfterRollback = .seconds(1_800)
        return trigger
    }

    func evaluation(_ truth: KleeneTruth) -> ConditionEvaluation { ConditionEvaluation(truth: truth, parts: .and([])) }

    /// Feeds one letter per 30 s: T, F or U.
    func run(_ letters: String, of trigger: Trigger, from state: TriggerState = TriggerState()) -> ([String], TriggerState) {
        var state = state
        var labels: [String] = []
        for (index, letter) in letters.enumerated() {
            let truth: KleeneTruth = letter == "T" ? .true : letter == "F" ? .false : .unknown
            let step = advance(trigger, state, evaluation(truth), now: start.advanced(by: .seconds(30 * index)))
            labels.append(step.outcome.label)
            state = step.state
        }
        return (labels, state)
    }

    @Test(
        "fires once the condition has held for its whole time, without a break",
        arguments: [
            ("TTTTT", ["pending", "pending", "pending", "firing", "firing"]),
            ("TTTFT", ["pending", "pending", "pending", "inactive", "pending"]),
            ("TTTUTTTT", ["pending", "pending", "pending", "unknown", "pending", "pending", "pending", "firing"]),
            ("TTTTUT", ["pending", "pending", "pending", "firing", "unknown", "pending"]),
        ])
    func holds(letters: String, labels: [String]) {
        #expect(run(letters, of: trigger).0 == labels)
    }

    @Test("says since when and how much is left")
    func remaining() {
        var (_, state) = run("T", of: trigger)
        let step = advance(trigger, state, evaluation(.true), now: start.advanced(by: .seconds(89)))
        #expect(step.outcome == .pending(since: start, remaining: .seconds(1)))
        state = step.state
        let fired = advance(trigger, state, evaluation(.true), now: start.advanced(by: .seconds(90)))
        let expected = TriggerOutcome.Firing(since: start.advanced(by: .seconds(90)), hold: .observed(.seconds(90)))
        #expect(fired.outcome == .firing(expected))
        #expect(fired.state.lastFired == start.advanced(by: .seconds(90)))
    }

    @Test("a silence longer than is believed, or a clock that went back, starts the hold anew")
    func gaps() {
        let state = run("TTT", of: trigger).1
        let late = advance(trigger, state, evaluation(.true), now: start.advanced(by: .seconds(300)), longestGap: .seconds(45))
        #expect(late.outcome == .pending(since: start.advanced(by: .seconds(300)), remaining: .seconds(90)))
        let back = advance(trigger, state, evaluation(.true), now: start.advanced(by: .seconds(-500)))
        #expect(back.outcome == .pending(since: start.advanced(by: .seconds(-500)), remaining: .seconds(90)))
    }

    @Test("a run evaluated as a whole takes a hold it cannot observe as met, and says so")
    func wholeRun() {
        let step = advance(trigger, TriggerState(), evaluation(.true), now: start, observedSpan: .seconds(60))
        #expect(step.outcome == .firing(.init(since: start, hold: .takenAsHeld(span: .seconds(60)))))
        let unknown = advance(trigger, TriggerState(), evaluation(.unknown), now: start, observedSpan: .seconds(60))
        #expect(unknown.outcome == .unknown(reasons: []))
    }

    @Test("cools after an adjustment, longer after a rollback, and never shorter than it already does")
    func cooldown() {
        var state = run("TTTT", of: trigger).1
        let changed = start.advanced(by: .seconds(100))
        state.cool(trigger, because: .adjusted, at: changed)
        let first = advance(trigger, state, evaluation(.true), now: changed.advanced(by: .seconds(30)))
        #expect(first.outcome == .cooling(until: changed.advanced(by: .seconds(600)), reason: .adjusted))
        #expect(advance(trigger, state, evaluation(.false), now: changed).outcome == .inactive)
        state.cool(trigger, because: .rolledBack, at: changed.advanced(by: .seconds(60)))
        state.cool(trigger, because: .adjusted, at: changed.advanced(by: .seconds(120)))
        #expect(state.cooldown == .init(until: changed.advanced(by: .seconds(1_860)), reason: .rolledBack))
        let after = advance(trigger, state, evaluation(.true), now: changed.advanced(by: .seconds(1_860)))
        #expect(after.outcome.isFiring)
        #expect(after.state.cooldown == nil)
    }

    @Test("unknown neither ends a cooldown nor forgets when it fired")
    func unknownKeeps() {
        var state = run("TTTT", of: trigger).1
        state.cool(trigger, because: .adjusted, at: start.advanced(by: .seconds(90)))
        let step = advance(trigger, state, evaluation(.unknown), now: start.advanced(by: .seconds(120)))
        #expect(step.outcome.label == "unknown")
        #expect(step.state.cooldown == state.cooldown)
        #expect(step.state.lastFired == state.lastFired)
    }

    @Test("a scheduled trigger fires once per due time, and once for all it missed")
    func schedule() throws {
        var nightly = Trigger(name: "nightly", type: .scheduled, condition: .and([]))
        nightly.schedule = Policy.Schedule(cron: try CronExpression("0 3 * * *"), timezone: "UTC")
        func at(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }
        var state = TriggerState()
        var labels: [String] = []
        for time in [
            "2026-03-01T02:00:00Z", "2026-03-01T02:59:59Z", "2026-03-01T03:00:10Z", "2026-03-01T03:00:25Z", "2026-03-05T12:00:00Z",
            "2026-03-05T12:00:15Z",
        ] {
            let step = advance(nightly, state, evaluation(.true), now: try at(time))
            labels.append(step.outcome.label)
            state = step.state
        }
        #expect(labels == ["inactive", "inactive", "firing", "inactive", "firing", "inactive"])
        let due = advance(nightly, state, evaluation(.true), now: try at("2026-03-06T03:00:00Z"))
        let time = try at("2026-03-06T03:00:00Z")
        #expect(due.outcome == .firing(.init(since: time, hold: .scheduled(time))))
        let refused = advance(nightly, state, evaluation(.false), now: time)
        #expect(refused.outcome == .inactive)
        #expect(advance(nightly, refused.state, evaluation(.true), now: time.advanced(by: .seconds(15))).outcome == .inactive)
    }

    @Test("survives being stored")
    func coding() throws {
        var state = run("TTTT", of: trigger).1
        state.cool(trigger, because: .rolledBack, at: start)
        let stored = try JSONEncoder().encode(state)
        #expect(try JSONDecoder().decode(TriggerState.self, from: stored) == state)
    }
}
