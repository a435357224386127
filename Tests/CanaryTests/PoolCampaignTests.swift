import Testing
import Verification

/// The comparison over time, on the simulator's pools.
@Suite struct PoolCampaignTests {
    @Test(
        "AT-V6: of changes to a whole pool that do nothing, right after a spike, at most 1 % are taken back; the naive difference takes back a third"
    )
    func harmless() {
        let campaign = PoolCampaign(worlds: CanaryCampaign.size(300, short: 1), firstSeed: 40_001)
        if CanaryCampaign.isFull { print("AT-V6, harmless:", campaign) }
        #expect(campaign.worsened * 100 <= campaign.worlds, "\(campaign)")
        #expect(!CanaryCampaign.isFull || campaign.naive * 100 > campaign.worlds * 35, "the worlds are too easy: \(campaign)")
    }

    @Test("AT-V6: harm of 18 % to a whole pool is found in 98 of 100, the slowest within 720 s")
    func harm() {
        let campaign = PoolCampaign(worlds: CanaryCampaign.size(150, short: 1), firstSeed: 50_001, slowness: 1.10)
        if CanaryCampaign.isFull { print("AT-V6, harm:", campaign) }
        #expect(campaign.worsened * 100 >= campaign.worlds * 98 && campaign.improved == 0, "\(campaign)")
        #expect(CanaryCampaign.quantile(campaign.secondsToWorsened, 0.99) <= 720, "\(campaign)")
    }
}
