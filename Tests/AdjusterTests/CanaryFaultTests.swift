import Control
import FoundationEssentials
import KubernetesTestSupport
import Policies
import Testing

@testable import Kubernetes

@Suite("A canary that something goes wrong with")
struct CanaryFaultTests {
    enum Ending: String, CaseIterable, Sendable {
        case promoted, reverted
    }

    /// The whole experiment, or what is left of it, as a controller goes through it that tries again after an error.
    /// - Parameter isMortal: Whether it ends with the first error instead.
    static func run(_ world: CanaryWorld, _ canary: KubernetesCanary, to ending: Ending, isMortal: Bool = false) async throws {
        let order = CanaryWorld.order()
        func insist(_ isReached: (CanaryStatus) -> Bool, _ verb: () async throws(AdjusterError) -> Void) async throws {
            for _ in 1...12 {
                if let error = await failure(verb), isMortal { throw error }
                world.cluster.advanceRollouts()
                var seen: CanaryStatus?
                do { seen = try await canary.status() } catch { if isMortal { throw error } }
                if let seen, isReached(seen) { return }
            }
        }
        try await insist({ $0.isReady(.prepared) }) { () throws(AdjusterError) in try await canary.prepare(order) }
        try await insist({ $0.isReady(.applied) }) { () throws(AdjusterError) in try await canary.apply(order) }
        if ending == .promoted {
            try await insist({ $0.mark?.stage == .promoted && $0.rollout == .settled }) { () throws(AdjusterError) in
                try await canary.promote(order)
            }
        }
        try await insist({ $0.isGone }) { () throws(AdjusterError) in
            try await canary.remove(order.change.adjustment, fence: order.change.fence)
        }
        _ = await failure { () throws(AdjusterError) in
            try await canary.adjuster.unmark(order.change.adjustment, fence: order.change.fence)
        }
    }

    static func world(_ isSet: Bool) throws -> CanaryWorld { isSet ? try CanaryWorld.statefulSet() : try CanaryWorld() }

    /// The requests of a run without faults, and what remains after it.
    static func faultless(_ isSet: Bool, _ ending: Ending) async throws -> (requests: [RequestRecord], remains: CanaryWorld.Remains) {
        let world = try world(isSet)
        let first = world.cluster.requests.count
        try await run(world, try world.canary(), to: ending)
        return (Array(world.cluster.requests.dropFirst(first)), world.remains)
    }

    static let effects: [Fault.Effect] = [
        .answerLost, .cutBeforeProcessing, .gatewayTimeout(applied: true), .internalError, .tooManyRequests(retryAfterSeconds: 1),
    ]

    /// Every request with every fault takes minutes; by default each request meets one of them.
    static let isFull = ProcessInfo.processInfo.environment["CAMPAIGN"] == "full"

    static func spread(_ effects: [Fault.Effect], over requests: [Int]) -> [(Fault.Effect, Int)] {
        requests.enumerated().flatMap { index, number in
            effects.indices.filter { isFull || index % effects.count == $0 }.map { (effects[$0], number) }
        }
    }

    @Test("whichever write fails, and however, the end is the same", arguments: [false, true], Ending.allCases)
    func everyWrite(isSet: Bool, ending: Ending) async throws {
        let clean = try await Self.faultless(isSet, ending)
        let writes = clean.requests.filter { $0.method != "GET" }.map(\.number)
        #expect(writes.count > (isSet ? 4 : 10))
        for (effect, number) in Self.spread(Self.effects, over: writes) {
            let world = try Self.world(isSet)
            world.cluster.inject(Fault(effect, match: Fault.Match(number: number)))
            try await Self.run(world, try world.canary(), to: ending)
            #expect(world.cluster.pendingFaults == 0, "\(effect) at \(number) was not reached")
            #expect(world.remains == clean.remains, "\(effect) at request \(number)")
        }
    }

    @Test("whichever read fails, the end is the same", arguments: [false, true])
    func everyRead(isSet: Bool) async throws {
        let clean = try await Self.faultless(isSet, .reverted)
        let reads = clean.requests.filter { $0.method == "GET" }.map(\.number)
        for (index, number) in reads.enumerated() where Self.isFull || index % 5 == 0 {
            let world = try Self.world(isSet)
            world.cluster.inject(Fault(.cutInAnswer, match: Fault.Match(number: number)))
            try await Self.run(world, try world.canary(), to: .reverted)
            #expect(world.cluster.pendingFaults == 0 && world.remains == clean.remains, "request \(number)")
        }
    }

    @Test("a controller killed at any write leaves what another one, without its store, takes away", arguments: [false, true])
    func killed(isSet: Bool) async throws {
        let clean = try await Self.faultless(isSet, .promoted)
        let untouched = try Self.world(isSet).remains
        let writes = clean.requests.filter { $0.method != "GET" }.map(\.number)
        for (effect, number) in Self.spread([.answerLost, .cutBeforeProcessing], over: writes) {
            let world = try Self.world(isSet)
            // From this request on, nothing more comes of the first controller.
            world.cluster.inject(Fault(effect, match: Fault.Match(number: number)))
            world.cluster.inject(Fault(.cutBeforeProcessing, match: Fault.Match(from: number), times: .max))
            let canary = try world.canary()
            let isDead = await failureOf { try await Self.run(world, canary, to: .promoted, isMortal: true) } != nil
            #expect(isDead || number == writes.last, "request \(number)")
            world.cluster.clearFaults()
            let heir = try world.canary(user: "two", leadership: AnyTerm(number: 2))
            try await heir.takeFence(FencingToken(rawValue: 2))
            let order = CanaryWorld.order(fence: 2)
            // What was promoted is carried to its end; everything else is taken away.
            if try await heir.status().mark?.stage == .promoted { try await world.promote(heir, order) }
            try await world.remove(heir, nil, fence: 2)
            let wasPromoted = CanaryWorld.arguments(world.world.object) == ["serve", "--max-num-seqs=128"]
            try await heir.adjuster.unmark(order.change.adjustment, fence: order.change.fence)
            #expect(world.remains == (wasPromoted ? clean.remains : untouched), "\(effect) at request \(number)")
        }
    }

    private func failureOf(_ attempt: () async throws -> Void) async -> (any Error)? {
        do { try await attempt() } catch { return error }
        return nil
    }
}
