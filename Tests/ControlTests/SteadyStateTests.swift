import FoundationEssentials
import Learning
import Measurements
import Policies
import Testing
import Verification

@testable import Control

@Suite("The baseline of a change")
struct SteadyStateTests {
    private static func at(_ seconds: Int) -> Timestamp { Timestamp(secondsSinceEpoch: 1_795_000_000 + Double(seconds)) }

    private static func observation(_ slots: Int, _ rollout: TargetObservation.Rollout = .settled) -> TargetObservation {
        TargetObservation(identity: "u", values: ["slots": KnobState(.integer(slots), origin: .live)], rollout: rollout)
    }

    private static let blocks = (0..<20).map { LatencyBlock(start: at($0 * 10), length: .seconds(10), requests: 5, failed: 0) }

    @Test("holds what was measured on the settings in force, from when they had settled")
    func settings() {
        var steady = SteadyState()
        #expect(steady.baseline(of: Self.blocks, settle: .seconds(20)).count == 20, "no target was seen")
        steady.note(Self.observation(1), at: Self.at(0))
        #expect(steady.baseline(of: Self.blocks, settle: .zero).count == 20)
        steady.note(Self.observation(1), at: Self.at(50))
        #expect(steady.baseline(of: Self.blocks, settle: .zero).count == 20, "nothing changed")
        steady.note(Self.observation(4, .progressing("1 of 2 pods")), at: Self.at(60))
        steady.note(Self.observation(4, .progressing("1 of 2 pods")), at: Self.at(70))
        steady.note(Self.observation(4), at: Self.at(80))
        steady.note(nil, at: Self.at(90))
        let baseline = steady.baseline(of: Self.blocks, settle: .seconds(20))
        #expect(baseline.first?.start == Self.at(90) && baseline.count == 11, "rolled out until 70, settled until 90")
    }

    @Test("begins anew for a target that was made anew")
    func identity() {
        var steady = SteadyState()
        steady.note(Self.observation(1), at: Self.at(0))
        var other = Self.observation(1)
        other.identity = "v"
        steady.note(other, at: Self.at(150))
        #expect(steady.baseline(of: Self.blocks, settle: .zero).count == 5)
    }

    @Test("a target out of sight is told of once, after a while")
    func outOfSight() {
        var health = TargetHealth()
        #expect(health.take(.unseen("no route"), at: Self.at(0), patience: .seconds(45)) == nil)
        #expect(health.take(.unseen("no route"), at: Self.at(45), patience: .seconds(45))?.contains("no route") == true)
        #expect(health.take(.unseen("no route"), at: Self.at(60), patience: .seconds(45)) == nil)
        #expect(health.take(.seen(Self.observation(1)), at: Self.at(70), patience: .seconds(45)) == nil)
        #expect(health.take(.unseen("no route"), at: Self.at(80), patience: .seconds(45)) == nil, "the wait begins anew")
    }
}
