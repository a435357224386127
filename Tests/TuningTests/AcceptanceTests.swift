import Foundation
import Measurements
import Testing
import Tuning

/// The acceptance tests AT-K1 to AT-K4 of the control dossier: on a small service in seconds, and on the whole ones with `CAMPAIGN=full`.
@Suite struct AcceptanceTests {
    private static let brief = TuningCampaign(.brief, ways: [.flat, .naive], seeds: 1...1)
    private static let briefAtOptimum = TuningCampaign(
        .brief.startingAtOptimum(brief.landscape), landscape: brief.landscape, ways: [.flat], seeds: 3...3)

    @Test("AT-K1: from a bad start, a few episodes on a canary come near to the best configuration")
    func fromBadStart() {
        let campaign = Self.brief
        #expect(campaign.landscape[campaign.world.start].objective > campaign.landscape.best + 0.2, "the start is too good: \(campaign)")
        #expect(campaign.episodesToNear(.flat) <= 3, "\(campaign)")
        #expect(campaign.finalObjective(.flat) <= campaign.landscape.best + 0.08, "\(campaign)")
    }

    @Test("AT-K2: who begins at the optimum stays there")
    func atOptimum() {
        let campaign = Self.briefAtOptimum
        #expect(campaign.worstFinalObjective(.flat) <= campaign.landscape.best + 0.01, "\(campaign)")
    }

    @Test(
        "AT-K3: tuning on a canary lets at most a quarter of the requests miss their objective that tuning everything does; a sixth on a larger service"
    )
    func harm() {
        let campaign = Self.brief
        #expect(campaign.causedMisses(.naive) > 100, "the naive tuner does no harm: \(campaign)")
        #expect(campaign.causedMisses(.flat) <= campaign.causedMisses(.naive) / 4, "\(campaign)")
    }

    @Test("AT-K4: a configuration under which queues grow without end is in force for no longer than a window")
    func unstable() {
        #expect(Self.brief.longestUnstable(.flat) <= 120, "\(Self.brief)")
        #expect(Self.brief.longestUnstable(.naive) > 120, "no unstable configuration was tried: \(Self.brief)")
    }
}

@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["CAMPAIGN"] == "full")) struct FullCampaignTests {
    private static let seeds: ClosedRange<UInt64> = 1...(UInt64(ProcessInfo.processInfo.environment["SEEDS"] ?? "") ?? 16)

    /// Of AT-K4, seconds: two minutes for what the product does; in random order, which it never takes, the five of the naive tuner.
    private static func window(_ way: TuningCampaign.Way) -> Double { way == .random ? TuningWorld.large.naiveWindow.seconds : 120 }

    @Test("AT-K1, AT-K3 and AT-K4 on a large model that begins badly")
    func large() {
        let campaign = TuningCampaign(.large, seeds: Self.seeds)
        print(campaign)
        for way in [TuningCampaign.Way.twin, .flat, .random] {
            #expect(campaign.episodesToNear(way) <= 3, "\(way)")
            #expect(campaign.finalObjective(way) <= campaign.landscape.best + 0.05, "\(way)")
            #expect(campaign.causedMisses(way) <= campaign.causedMisses(.naive) / 6, "\(way)")
            #expect(campaign.longestUnstable(way) <= Self.window(way), "\(way)")
        }
    }

    @Test("AT-K2, AT-K3 and AT-K4 on a large model that begins at the optimum")
    func optimum() {
        let landscape = TuningWorld.large.landscape()
        let campaign = TuningCampaign(
            TuningWorld.large.startingAtOptimum(landscape), landscape: landscape, ways: [.twin, .flat, .naive], seeds: Self.seeds)
        print(campaign)
        for way in [TuningCampaign.Way.twin, .flat] {
            #expect(campaign.finalObjective(way) <= landscape.best + 0.01, "\(way)")
            #expect(campaign.causedMisses(way) <= campaign.causedMisses(.naive) / 6, "\(way)")
            #expect(campaign.longestUnstable(way) <= Self.window(way), "\(way)")
        }
    }

    @Test("AT-K1, AT-K3 and AT-K4 on a small model")
    func small() {
        let campaign = TuningCampaign(.small, seeds: Self.seeds)
        print(campaign)
        for way in [TuningCampaign.Way.twin, .flat, .random] {
            #expect(campaign.episodesToNear(way) <= 3, "\(way)")
            #expect(campaign.finalObjective(way) <= campaign.landscape.best + 0.08, "\(way)")
            #expect(campaign.causedMisses(way) <= campaign.causedMisses(.naive) / 6, "\(way)")
            #expect(campaign.longestUnstable(way) <= Self.window(way), "\(way)")
        }
    }
}
