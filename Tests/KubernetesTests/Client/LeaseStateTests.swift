import Control
import Documents
import Kubernetes
import Measurements
import Statistics
import Testing

/// One lease as an API server keeps it, in a value: writes are refused where the resourceVersion is not the present one.
private struct SimulatedLease {
    var version = 0
    var record: LeaseRecord?

    var observed: ObservedLease? {
        record.map {
            ObservedLease(
                .object([
                    .init(key: "metadata", value: .object([.init(key: "resourceVersion", value: .string("\(version)"))])),
                    .init(key: "spec", value: .object($0.members)),
                ]))
        }
    }

    /// `nil` where it was refused.
    mutating func carryOut(_ action: LeaseState.Action) -> ObservedLease? {
        switch action {
        case .create(let new):
            guard record == nil else { return nil }
            record = new
        case .replace(let lease, let new):
            guard record != nil, lease.resourceVersion == "\(version)" else { return nil }
            record = new
        case .read, .wait: return observed
        }
        version += 1
        return observed
    }
}

/// A contender whose clock shows another time than others', whose requests take their time, and who may be stopped at any moment.
private struct Contender {
    var state: LeaseState
    let clockOffset: Duration
    var action: LeaseState.Action = .read
    /// When the action began, and when its effect and its answer are due, in true time.
    var sentAt: Duration
    var effectAt: Duration?
    var answerAt: Duration
    var input: LeaseState.Input?

    func local(_ time: Duration) -> Duration { time + clockOffset }
}

@Suite("leadership by lease")
struct LeaseStateTests {
    let wall = Timestamp(secondsSinceEpoch: 1_795_000_000)

    func lease(_ holder: String, version: String = "1", seconds: Int64 = 15, transitions: Int64 = 4) -> ObservedLease {
        let record = LeaseRecord(holder: holder, durationSeconds: seconds, acquired: wall, renewed: wall, transitions: transitions)
        return ObservedLease(
            .object([
                .init(key: "metadata", value: .object([.init(key: "resourceVersion", value: .string(version))])),
                .init(key: "spec", value: .object(record.members)),
            ]))
    }

    @Test("a lease that is not there is created, and its first term is 1")
    func firstTerm() {
        var state = LeaseState(identity: "a")
        guard case .create(let record) = state.step(.read(nil), at: .seconds(100), wall: wall) else {
            Issue.record("expected a creation")
            return
        }
        #expect(record.transitions == 1)
        #expect(record.holder == "a")
        #expect(state.term(at: .seconds(100)) == nil)
        _ = state.step(.wrote(lease("a", transitions: 1), sentAt: .seconds(100)), at: .seconds(101), wall: wall)
        #expect(state.term(at: .seconds(101)) == FencingToken(rawValue: 1))
    }

    @Test("a term ends at its deadline counted from before the renewal was sent, whenever the answer came")
    func termEnds() {
        var state = LeaseState(identity: "a")
        _ = state.step(.wrote(lease("a"), sentAt: .seconds(100)), at: .seconds(104), wall: wall)
        #expect(state.term(at: .seconds(109.9)) != nil)
        #expect(state.term(at: .seconds(110)) == nil)
    }

    @Test("somebody else's lease is taken only after no change was seen for its whole duration, whatever its times say")
    func takeover() {
        var state = LeaseState(identity: "b")
        let far = Timestamp(secondsSinceEpoch: 1_895_000_000)
        #expect(state.step(.read(lease("a")), at: .seconds(50), wall: far) == .wait(.seconds(2)))
        #expect(state.step(.read(lease("a")), at: .seconds(64), wall: far) == .wait(.seconds(1)))
        #expect(state.step(.read(lease("a", version: "2")), at: .seconds(64.9), wall: far) == .wait(.seconds(2)))
        guard case .replace(let seen, let record) = state.step(.read(lease("a", version: "2")), at: .seconds(79.9), wall: far) else {
            Issue.record("expected a takeover")
            return
        }
        #expect(seen.resourceVersion == "2")
        #expect(record.transitions == 5)
        #expect(record.holder == "b")
    }

    @Test("a released lease is taken at once, as a new term")
    func afterRelease() {
        var state = LeaseState(identity: "b")
        guard case .replace(_, let record) = state.step(.read(lease("", seconds: 1)), at: .zero, wall: wall) else {
            Issue.record("expected a takeover")
            return
        }
        #expect(record.transitions == 5)
    }

    @Test("a lease that is deleted is waited for as long as its holder may act, and does not start below its terms")
    func deleted() {
        var state = LeaseState(identity: "b")
        _ = state.step(.read(lease("a")), at: .seconds(50), wall: wall)
        #expect(state.step(.read(nil), at: .seconds(51), wall: wall) == .wait(.seconds(2)))
        guard case .create(let record) = state.step(.read(nil), at: .seconds(65), wall: wall) else {
            Issue.record("expected a creation")
            return
        }
        #expect(record.transitions == 5)
    }

    @Test("a target that was written to in a later term ends the term, and the next one lies beyond it")
    func outranked() {
        var state = LeaseState(identity: "a")
        _ = state.step(.wrote(lease("a", transitions: 1), sentAt: .zero), at: .zero, wall: wall)
        state.note(term: FencingToken(rawValue: 1))
        #expect(state.term(at: .seconds(1))?.rawValue == 1, "its own term does not outrank it")
        state.note(term: FencingToken(rawValue: 7))
        #expect(state.term(at: .seconds(1)) == nil)
        #expect(state.step(.woke, at: .seconds(2), wall: wall) == .read)
        guard case .replace(_, let record) = state.step(.read(lease("a", transitions: 1)), at: .seconds(2), wall: wall) else {
            Issue.record("expected a takeover of its own lease")
            return
        }
        #expect(record.transitions == 8 && record.holder == "a")
        _ = state.step(.wrote(lease("a", version: "2", transitions: 8), sentAt: .seconds(2)), at: .seconds(2), wall: wall)
        #expect(state.term(at: .seconds(3))?.rawValue == 8)
        state.note(term: FencingToken(rawValue: .max))
        #expect(state.term(at: .seconds(3))?.rawValue == 8, "no lease can count that far")
    }

    @Test("who sees another holder leads no more")
    func deposed() {
        var state = LeaseState(identity: "a")
        _ = state.step(.wrote(lease("a"), sentAt: .zero), at: .zero, wall: wall)
        _ = state.step(.read(lease("b", version: "2", transitions: 5)), at: .seconds(1), wall: wall)
        #expect(state.term(at: .seconds(1)) == nil)
    }

    @Test("who loses time and again waits between its tries")
    func refusedTimeAndAgain() {
        var state = LeaseState(identity: "a")
        #expect(state.step(.lostRace, at: .zero, wall: wall) == .read)
        #expect(state.step(.lostRace, at: .zero, wall: wall) == .wait(.seconds(2)))
    }

    @Test("figures of a lease that cannot be are kept in bounds")
    func hostileLease() {
        var state = LeaseState(identity: "a")
        _ = state.step(.read(lease("b", seconds: .max, transitions: .max)), at: .seconds(1_000_000), wall: wall)
        #expect(state.step(.read(lease("", version: "2", seconds: -1, transitions: -7)), at: .zero, wall: wall) != .read)
    }

    @Test("giving up ends the term before the lease says so")
    func release() {
        var state = LeaseState(identity: "a")
        _ = state.step(.wrote(lease("a"), sentAt: .zero), at: .zero, wall: wall)
        let action = state.release(wall: wall)
        #expect(state.term(at: .zero) == nil)
        guard case .replace(_, let record)? = action else {
            Issue.record("expected a release")
            return
        }
        #expect(record.holder.isEmpty)
        #expect(record.durationSeconds == 1)
        #expect(record.transitions == 4)
    }

    @Test("never do two hold a term at one time, whatever is late, lost or stopped", arguments: 0..<20)
    func oneLeader(batch: UInt64) {
        var led = 0
        for seed in batch * 100..<(batch + 1) * 100 {
            let run = simulate(seed: seed, contenders: seed % 2 == 0 ? 2 : 3)
            #expect(run.violation == nil, "seed \(seed): \(run.violation ?? "")")
            led += run.terms
        }
        #expect(led > 100, "hardly anybody ever led: \(led) terms in 100 runs")
    }

    /// Plays two minutes of true time.
    /// - Returns: What went wrong, and how many terms there were.
    private func simulate(seed: UInt64, contenders count: Int) -> (violation: String?, terms: Int) {
        var random = SplitMix64(seed: seed)
        func seconds(_ range: ClosedRange<Double>) -> Duration { .seconds(Double.random(in: range, using: &random)) }
        func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &random) < probability }
        var server = SimulatedLease()
        var all = (0..<count).map { index in
            Contender(
                state: LeaseState(identity: "contender-\(index)"), clockOffset: seconds(0...1_000_000), sentAt: .zero,
                effectAt: .zero, answerAt: seconds(0...2))
        }
        var tokens: [Int64: Int] = [:]
        var time: Duration = .zero
        while time < .seconds(120) {
            // The next moment at which an effect or an answer is due.
            let moments = all.map { min($0.effectAt ?? $0.answerAt, $0.answerAt) }
            guard let index = moments.indices.min(by: { moments[$0] < moments[$1] }) else { break }
            time = max(time, moments[index])
            if let effectAt = all[index].effectAt, effectAt <= all[index].answerAt {
                all[index].effectAt = nil
                let result = server.carryOut(all[index].action)
                let local = all[index].local(all[index].sentAt)
                all[index].input =
                    switch all[index].action {
                    case .read: .read(result)
                    case .wait: .woke
                    case .create, .replace: result.map { .wrote($0, sentAt: local) } ?? .lostRace
                    }
            } else {
                var input = all[index].input ?? .failed
                // An answer may be lost, after the effect.
                if case .woke = input {} else if chance(0.05) { input = .failed }
                all[index].action = all[index].state.step(input, at: all[index].local(time), wall: wall)
                all[index].input = nil
                all[index].sentAt = time
                // It is stopped between here and there: between the decision and the sending, and again before the answer is looked at.
                let pause = chance(0.03) ? seconds(0...40) : .zero
                if case .wait(let wait) = all[index].action {
                    all[index].effectAt = time + wait + pause
                    all[index].answerAt = time + wait + pause
                } else {
                    let reaches = !chance(0.1)
                    let there = seconds(0...(chance(0.1) ? 20 : 0.1))
                    all[index].effectAt = reaches ? time + pause + there : nil
                    all[index].answerAt = time + pause + there + seconds(0...0.1) + (chance(0.03) ? seconds(0...40) : .zero)
                }
                if chance(0.01), let action = all[index].state.release(wall: wall) { _ = server.carryOut(action) }
            }
            let leading = all.indices.filter { all[$0].state.term(at: all[$0].local(time)) != nil }
            if leading.count > 1 { return ("contenders \(leading) hold terms at \(time)", tokens.count) }
            if let leader = leading.first, let token = all[leader].state.term(at: all[leader].local(time)) {
                let former = tokens.updateValue(leader, forKey: token.rawValue)
                if let former, former != leader { return ("\(former) and \(leader) both had term \(token.rawValue)", tokens.count) }
                if let latest = tokens.keys.max(), latest > token.rawValue {
                    return ("term \(token.rawValue) after \(latest)", tokens.count)
                }
            }
        }
        return (nil, tokens.count)
    }
}
