import Policies
import Testing

@testable import Learning

@Suite struct PhysicalPriorTests {
    /// A pool whose requests mostly wait.
    static var overloaded: OperatingPoint {
        var state = OperatingPoint()
        state.replicas = 2
        state.concurrencyLimit = 8
        state.requestsPerSecond = 15
        state.timeToFirstToken = 1.2
        state.unloadedTimeToFirstToken = 0.1
        state.timePerOutputToken = 0.02
        state.endToEnd = 2.0
        state.gpuUtilization = 0.9
        return state
    }

    static func candidate(_ role: Knob.Role, _ from: KnobValue, _ to: KnobValue, step: Int = 1) -> Candidate {
        Candidate(knob: role.rawValue, role: role, from: from, to: to, step: step)
    }

    func effect(_ candidate: Candidate, _ state: OperatingPoint = overloaded) -> [Outcome: EffectEstimate] {
        PhysicalPrior().effect(of: candidate, in: state).outcomes
    }

    @Test("more replicas shorten the wait and cost in proportion")
    func scaleUp() throws {
        let outcomes = effect(Self.candidate(.replicas, .integer(2), .integer(4)))
        let ttft = try #require(outcomes[.timeToFirstToken])
        #expect(ttft.logRatio < -0.5, "doubling a full pool should at least take a third off, got \(ttft.relativeChange)")
        let cost = try #require(outcomes[.cost])
        #expect(abs(cost.relativeChange - 1) < 1e-12 && cost.deviation == 0)
        let tpot = try #require(outcomes[.timePerOutputToken])
        #expect(tpot.logRatio < 0)
    }

    @Test("adding a replica and taking it away are opposites in cost and in direction", arguments: [1, 2, 4, 7])
    func symmetry(replicas: Int) throws {
        var state = Self.overloaded
        state.replicas = Double(replicas)
        let up = effect(Self.candidate(.replicas, .integer(replicas), .integer(replicas + 1)), state)
        let ttft = try #require(up[.timeToFirstToken])
        #expect(ttft.logRatio < 0)
        guard replicas > 1 else { return }
        let down = effect(Self.candidate(.replicas, .integer(replicas), .integer(replicas - 1), step: -1), state)
        #expect(try #require(down[.timeToFirstToken]).logRatio >= 0)
        #expect(try #require(down[.cost]).logRatio < 0)
    }

    @Test("more slots trade time per token for time to first token")
    func slots() throws {
        let outcomes = effect(Self.candidate(.concurrency, .integer(8), .integer(16)))
        #expect(try #require(outcomes[.timeToFirstToken]).logRatio < 0)
        #expect(try #require(outcomes[.timePerOutputToken]).logRatio > 0)
        #expect(try #require(outcomes[.throughput]).logRatio > 0)
    }

    @Test("an idle pool gains nothing in throughput from replicas")
    func idle() throws {
        var state = Self.overloaded
        state.requestsPerSecond = 0.5
        state.timeToFirstToken = 0.1
        state.endToEnd = 0.5
        let outcomes = effect(Self.candidate(.replicas, .integer(2), .integer(3)), state)
        #expect(try #require(outcomes[.throughput]).logRatio == 0)
        #expect(abs(try #require(outcomes[.timeToFirstToken]).logRatio) < 0.01)
    }

    @Test("says so where waiting was not measured, and is much wider for it")
    func unmeasured() throws {
        let none = PhysicalPrior().effect(of: Self.candidate(.replicas, .integer(1), .integer(2)), in: OperatingPoint())
        #expect(none.outcomes[.timeToFirstToken] == nil)
        #expect(none.reasoning.contains { $0.contains("cannot be predicted") })
        var state = OperatingPoint()
        state.timeToFirstToken = 1
        let assumed = PhysicalPrior().effect(of: Self.candidate(.replicas, .integer(1), .integer(2)), in: state)
        #expect(try #require(assumed.outcomes[.timeToFirstToken]).deviation >= 0.5)
        #expect(assumed.reasoning.contains { $0.contains("is assumed") })
    }

    @Test("refusals for overload shrink with capacity, other errors do not")
    func errors() throws {
        var state = Self.overloaded
        state.errorRate = 0.2
        state.overloadShareOfErrors = 1
        let refused = try #require(effect(Self.candidate(.replicas, .integer(2), .integer(3)), state)[.errorRate])
        #expect(refused.relativeChange < -0.9)
        state.overloadShareOfErrors = 0
        let broken = try #require(effect(Self.candidate(.replicas, .integer(2), .integer(3)), state)[.errorRate])
        #expect(broken.logRatio == 0)
    }

    @Test("no prediction but cost is ever narrower than the prior allows", arguments: Knob.Role.allCases)
    func width(role: Knob.Role) {
        let pairs: [(KnobValue, KnobValue)] = [(.integer(2), .integer(4)), (.number(0.8), .number(0.9)), (.text("bf16"), .text("fp8"))]
        for (from, to) in pairs {
            for (outcome, estimate) in effect(Self.candidate(role, from, to)) where outcome != .cost {
                #expect(estimate.deviation >= PhysicalPrior.minimumDeviation)
                #expect(estimate.logRatio.isFinite)
            }
        }
    }

    @Test("throughput falls only by what no longer fits", arguments: [(0.4, 0.0), (0.51, -0.02), (0.9, -0.588)])
    func scaleDown(load: Double, logRatio: Double) throws {
        var state = OperatingPoint()
        state.gpuUtilization = load
        let outcomes = effect(Self.candidate(.replicas, .integer(2), .integer(1), step: -1), state)
        #expect(abs(try #require(outcomes[.throughput]).logRatio - logRatio) < 0.001)
    }

    @Test("absurd values are predicted by no model and crash nothing", arguments: [1e300, 1e-300, 5e9])
    func absurd(value: Double) {
        for role in Knob.Role.allCases {
            let prediction = PhysicalPrior().effect(of: Self.candidate(role, .number(2), .number(value)), in: Self.overloaded)
            #expect(prediction.outcomes.values.allSatisfy { $0.logRatio.isFinite })
        }
    }
}
