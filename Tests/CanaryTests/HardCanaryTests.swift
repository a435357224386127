import Foundation
import Learning
import Testing
import Verification

/// Canaries of which less is known, as their replicas came back on other nodes or nobody counts what comes to each group, and changes that
/// help one metric and harm another.
@Suite struct HardCanaryTests {
    static func campaign(_ full: Int, firstSeed: UInt64, slowness: Double = 1, ignoresNodes: Bool = false) -> CanaryCampaign {
        var plan = CanaryWorld(seed: 0, timeLimit: CanaryCampaign.isFull ? 1_800 : 300).plan
        if ignoresNodes { plan.canary?.hardwareDeviation = 0 }
        return CanaryCampaign(worlds: CanaryCampaign.size(full, short: 1), firstSeed: firstSeed, plan) { world in
            world.slowness = slowness
            world.keepsHardware = false
            world.timeLimit = plan.timeLimit == .seconds(300) ? 300 : 1_800
        }
    }

    @Test("of harmless canaries that came back on other nodes, at most 1 in 50 is taken back as harmful and 1 in 20 kept")
    func harmlessElsewhere() {
        let campaign = Self.campaign(300, firstSeed: 1)
        if CanaryCampaign.isFull { print("other nodes, harmless:", campaign) }
        #expect(campaign.count(.worsened) * 50 <= campaign.worlds && campaign.count(.improved) * 20 <= campaign.worlds, "\(campaign)")
    }

    @Test("harm of 17 % on other nodes is never kept; a benefit of 30 % is")
    func effectsElsewhere() {
        let harmed = Self.campaign(100, firstSeed: 10_001, slowness: 1.1)
        let better = Self.campaign(100, firstSeed: 30_001, slowness: 0.8)
        if CanaryCampaign.isFull { print("other nodes, slower:", harmed, "other nodes, faster:", better) }
        #expect(harmed.count(.improved) == 0, "\(harmed)")
        #expect(better.count(.worsened) == 0 && (!CanaryCampaign.isFull || better.count(.improved) * 10 >= better.worlds * 9), "\(better)")
    }

    @Test(
        "on the same seeds, taking other nodes for the old ones takes back and keeps much that does nothing",
        .enabled(if: CanaryCampaign.isFull))
    func ignoredNodes() {
        let campaign = Self.campaign(300, firstSeed: 1, ignoresNodes: true)
        print("other nodes, taken for the old ones:", campaign)
        #expect(campaign.count(.worsened) * 10 > campaign.worlds && campaign.count(.improved) * 10 > campaign.worlds, "\(campaign)")
    }

    @Test(
        "a fall of the time per token by a quarter seldom hides a rise of the time to first token by what is just tolerated, and no larger one"
    )
    func hiddenHarm() {
        func kept(_ firstToken: Double) -> CanaryCampaign {
            CanaryCampaign(worlds: CanaryCampaign.size(200, short: 1), firstSeed: 1) { world in
                world.told = (0.75, firstToken)
                if !CanaryCampaign.isFull { world.timeLimit = 300 }
            }
        }
        let (tolerated, more) = (kept(1.05), kept(1.12))
        if CanaryCampaign.isFull { print("first token 5 % later, as told:", tolerated, "12 % later, as told:", more) }
        #expect(tolerated.count(.improved) * 16 <= tolerated.worlds && more.count(.improved) * 100 <= more.worlds, "\(tolerated); \(more)")
    }

    @Test("where nobody counts what comes to each group, harm of 17 % is still found, and harmless canaries are left alone")
    func uncountedArrivals() {
        let harmless = CanaryCampaign(worlds: CanaryCampaign.size(300, short: 1), firstSeed: 1) { world in
            world.countsArrivals = false
            if !CanaryCampaign.isFull { world.timeLimit = 300 }
        }
        let harmed = CanaryCampaign(worlds: CanaryCampaign.size(300, short: 1), firstSeed: 10_001) { world in
            world.countsArrivals = false
            world.slowness = 1.10
        }
        if CanaryCampaign.isFull { print("arrivals not told, harmless:", harmless, "arrivals not told, slower:", harmed) }
        #expect(harmless.count(.worsened) * 50 <= harmless.worlds, "\(harmless)")
        #expect(harmed.count(.worsened) * 100 >= harmed.worlds * 98, "\(harmed)")
    }
}
