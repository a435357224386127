import Foundation
import Learning
import Testing
import Verification

/// Matched groups of simulated replicas: how often a harmless change is taken back, how soon harm is found, how soon a benefit is kept.
@Suite struct CanaryCampaignTests {
    @Test("AT-V1: of canaries that change nothing, on replicas 3 % apart, at most 1 in 50 is taken back")
    func harmless() {
        let campaign = CanaryCampaign(worlds: CanaryCampaign.size(400, short: 2), firstSeed: 1) { world in
            if !CanaryCampaign.isFull { world.timeLimit = 600 }
        }
        if CanaryCampaign.isFull { print("AT-V1:", campaign) }
        #expect(campaign.count(.worsened) <= campaign.worlds / 50, "\(campaign)")
    }

    @Test("AT-V2: harm of 17 % and more is found in 99 of 100 canaries, half of them within 150 s")
    func harm() {
        let campaign = CanaryCampaign(worlds: CanaryCampaign.size(300, short: 2), firstSeed: 10_001) { $0.slowness = 1.10 }
        if CanaryCampaign.isFull { print("AT-V2:", campaign) }
        #expect(campaign.count(.worsened) * 100 >= campaign.worlds * 99, "\(campaign)")
        #expect(CanaryCampaign.quantile(campaign.secondsToWorsened, 0.5) <= 150, "\(campaign)")
        #expect(CanaryCampaign.quantile(campaign.secondsToWorsened, 0.99) <= 600, "\(campaign)")
        #expect(CanaryCampaign.quantile(campaign.requestsToWorsened, 0.99) <= 5_000, "\(campaign)")
    }

    @Test("AT-V3: harm of 9 % is found within 50 minutes, with a margin of 2 % and with none")
    func smallHarm() {
        for (margin, share) in [(0.02, 0.88), (0.0, 0.95)] {
            var plan = CanaryWorld(seed: 0, timeLimit: 3_000).plan
            plan.canary?.margins[.timePerOutputToken] = log(1 + margin)
            let campaign = CanaryCampaign(worlds: CanaryCampaign.size(150, short: 1), firstSeed: 20_001, plan) { world in
                world.slowness = 1.055
                world.timeLimit = 3_000
            }
            if CanaryCampaign.isFull { print("AT-V3, margin \(margin):", campaign) }
            #expect(Double(campaign.count(.worsened)) >= share * Double(campaign.worlds), "\(campaign)")
        }
    }

    @Test("AT-V4: a benefit of 15 % is always kept, and soon")
    func benefit() {
        let campaign = CanaryCampaign(worlds: CanaryCampaign.size(150, short: 2), firstSeed: 30_001) { $0.slowness = 0.9 }
        if CanaryCampaign.isFull { print("AT-V4:", campaign) }
        #expect(campaign.count(.improved) == campaign.worlds, "\(campaign)")
        #expect(CanaryCampaign.quantile(campaign.secondsToImproved, 0.99) <= 240, "\(campaign)")
    }

    @Test("AT-V5: on the same seeds, a test of single requests, and groups not compared beforehand, take back much that does nothing")
    func ablations() {
        let worlds = CanaryCampaign.size(100, short: 2)
        var (single, levels) = (0, 0)
        for seed in 1...UInt64(worlds) {
            let run = CanaryWorld(seed: seed, timeLimit: CanaryCampaign.isFull ? 1_800 : 600).run(isWhole: true)
            single += NaiveCanaries.singleRequestsLookWorse(run.single) ? 1 : 0
            levels += NaiveCanaries.levelsLookWorse(.timePerOutputToken, run.buckets, margin: log(1.02)) ? 1 : 0
        }
        #expect(single * 2 > worlds, "\(single)")
        guard CanaryCampaign.isFull else { return }
        print("AT-V5, of \(worlds): single requests \(single), no comparison beforehand \(levels)")
        #expect(levels * 10 > worlds, "\(levels)")
    }

    @Test("AT-V5: on the same seeds, two replicas look slower than six that are just the same: the smaller pool queues longer")
    func unequalGroups() {
        func buckets(_ seed: UInt64, control replicas: Int, apart: Double) -> [CanaryBucket] {
            var world = CanaryWorld(seed: seed, controlReplicas: replicas, betweenReplicas: apart)
            if !CanaryCampaign.isFull { (world.preperiod, world.timeLimit) = (60, 900) }
            return world.run(isWhole: true).buckets
        }
        func looksWorse(_ buckets: [CanaryBucket]) -> Bool { NaiveCanaries.levelsLookWorse(.timeToFirstToken, buckets, margin: 0) }
        let worlds = UInt64(CanaryCampaign.size(100, short: 1))
        let alike = [6, 2].map { control in (1...worlds).count { looksWorse(buckets($0, control: control, apart: 0)) } }
        #expect(alike[0] * 10 > Int(worlds) * 9 && alike[1] * 4 < Int(worlds), "\(alike)")
        guard CanaryCampaign.isFull else { return }
        let unequal = (1...worlds).map { buckets($0, control: 6, apart: 0.03) }
        let wrong = unequal.count(where: looksWorse)
        let beyondMargins = unequal.count { buckets in
            CanaryTerms().margins.contains { NaiveCanaries.levelsLookWorse($0.key, buckets, margin: $0.value) }
        }
        print("AT-V5, of \(worlds): 2 beside 6 \(wrong), beyond either margin \(beyondMargins); of replicas all alike \(alike)")
        #expect(wrong * 10 > Int(worlds) * 8, "\(wrong)")
    }
}
