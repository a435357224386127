import Foundation
import Learning
import Measurements
import Statistics
import Testing

/// How many replicates: seconds in a debug build unless `CAMPAIGN=full`.
private enum Size {
    static let isFull = ProcessInfo.processInfo.environment["CAMPAIGN"] == "full"
    static let replicates = isFull ? 200 : 60
}

/// The estimator against worlds whose truth is known. Seeds start at 1; the whole table is in Docs/causal-learner.md.
@Suite struct CausalAcceptanceTests {
    @Test(
        "AT-L1, AT-L3, AT-L4: after a spike, effects are found without bias where the naive difference is far off and recommends the harm")
    func spikes() {
        let campaign = EffectCampaign("A", .spikes, count: 40, replicates: Size.replicates)
        print(campaign)
        for (action, score) in campaign.proposed.enumerated() { #expect(abs(score.bias) <= 0.04, "action \(action): \(campaign)") }
        #expect(abs(campaign.proposed[2].bias) <= 0.02, "placebo: \(campaign)")
        let ours = EffectCampaign.rootMeanSquare(campaign.proposed)
        let naive = EffectCampaign.rootMeanSquare(campaign.naive)
        #expect(ours <= naive / 3.5, "\(campaign)")
        #expect(campaign.naive[2].bias <= -0.15, "the world is too easy: \(campaign)")
        #expect(campaign.harmRecommended * 50 <= Size.replicates, "more than 2 %: \(campaign)")
        #expect(campaign.harmRecommendedNaively * 100 > 15 * Size.replicates, "the world is too easy: \(campaign)")
    }

    @Test(
        "AT-L2: nine tenths of the 90 % intervals hold",
        arguments: [("A", EffectWorld.spikes), ("B", .drifting), ("C", .jumping), ("D", .random), ("G", .closed)])
    func coverage(name: String, world: EffectWorld) {
        for count in [40, 160] {
            let campaign = EffectCampaign(name, world, count: count, replicates: Size.isFull ? 200 : 24)
            print(campaign)
            // With fewer replicates chance alone moves a coverage by more.
            let slack = Size.isFull ? 0 : 0.11
            for score in campaign.proposed {
                #expect(score.coverage >= 0.84 - slack && score.coverage <= 0.98 + slack, "\(campaign)")
            }
            let average = EffectCampaign.average(campaign.proposed, \.coverage)
            #expect(average >= 0.88 - slack / 2 && average <= 0.96 + slack / 2, "\(campaign)")
        }
    }

    @Test(
        "AT-L2, stretched: with canaries as further rows intervals are a fifth narrower and still hold; from canaries alone they hold as well",
        arguments: [("A", EffectWorld.spikes), ("B", .drifting), ("C", .jumping), ("D", .random), ("G", .closed)])
    func pooled(name: String, world: EffectWorld) {
        for (count, canaries) in Size.isFull ? [(40, 1), (40, 4), (160, 1), (160, 4)] : [(40, 1)] {
            let campaign = PooledCampaign(name, world, count: count, canaries: canaries, replicates: Size.isFull ? 200 : 24)
            print(campaign)
            let slack = Size.isFull ? 0 : 0.11
            for score in campaign.pooled {
                #expect(score.coverage >= 0.84 - slack && score.coverage <= 0.98 + slack, "\(campaign)")
            }
            for score in campaign.alone[PooledCampaign.tried] {
                // One canary leaves much to the prior, which is wider than these effects are large.
                #expect(score.coverage >= 0.84 - slack && (canaries == 1 || score.coverage <= 0.98 + slack), "\(campaign)")
            }
            guard count == 40 else { continue }
            #expect(PooledCampaign.halfWidth(campaign.pooled) <= 0.8 * PooledCampaign.halfWidth(campaign.without), "\(campaign)")
        }
    }

    @Test("worlds with fewer and more holdouts and with unnoticed overlaps, for the table", .enabled(if: Size.isFull))
    func otherWorlds() {
        for (name, world) in [("E", EffectWorld.fewHoldouts), ("F", .manyHoldouts), ("H", .unnoticed)] {
            for count in [40, 160] {
                let campaign = EffectCampaign(name, world, count: count, replicates: Size.replicates)
                print(campaign)
                #expect(campaign.proposed.allSatisfy { abs($0.bias) <= 0.045 }, "\(campaign)")
            }
        }
    }

    @Test("AT-L5: what is said with a probability comes true that often; what the naive difference says does not")
    func reliability() {
        let campaign = ReliabilityCampaign(worlds: Size.isFull ? 1_200 : 150, replicates: 1)
        let slack = Size.isFull ? 0 : 0.12
        for (index, bin) in campaign.proposed.bins.enumerated() {
            print(
                "| \(Double(index) / 10)– | \(bin.count) | \(EffectCampaign.text(bin.realised ?? 0)) "
                    + "| \(EffectCampaign.text(campaign.naive.bins[index].realised ?? 0)) |")
            guard let realised = bin.realised, bin.count >= 20 else { continue }
            #expect(abs(realised - (Double(index) + 0.5) / 10) <= 0.12 + slack, "tenth \(index): \(bin)")
        }
        print(
            "calibration error", campaign.proposed.calibrationError ?? 1, "naive", campaign.naive.calibrationError ?? 1, campaign.coverage)
        #expect((campaign.proposed.bins[9].realised ?? 0) >= (Size.isFull ? 0.90 : 0.85))
        #expect((campaign.proposed.calibrationError ?? 1) <= (Size.isFull ? 0.06 : 0.09))
        #expect((campaign.naive.bins[9].realised ?? 1) < 0.80, "the worlds are too easy")
    }

    @Test("AT-L6: what else changed around an episode is flagged, and a tenth of unflagged ones moves coverage by at most 3 points")
    func overlaps() {
        var draws = NormalSource(seed: 6)
        var flagged = 0
        for _ in 0..<1_000 {
            let decided = Timestamp(secondsSinceEpoch: 1_800_000_000 + 1e6 * draws.unit())
            let closed = decided.advanced(by: .seconds(300 + 600 * draws.unit()))
            var check = ContaminationCheck(decidedAt: decided, closedAt: closed, window: .seconds(120))
            let within = closed.since(decided).duration.inSeconds + 240
            check.otherChanges = [decided.advanced(by: .seconds(-240 + within * draws.unit()))]
            flagged += check.findings.contains(.otherChange) ? 1 : 0
        }
        #expect(flagged >= 990)
        guard Size.isFull else { return }
        let noticed = EffectCampaign("A", .spikes, count: 160, replicates: 400)
        let unnoticed = EffectCampaign("H", .unnoticed, count: 160, replicates: 400)
        let moved = EffectCampaign.average(noticed.proposed, \.coverage) - EffectCampaign.average(unnoticed.proposed, \.coverage)
        print("coverage moved by", moved)
        #expect(abs(moved) <= 0.03, "\(noticed) \(unnoticed)")
    }

    @Test("AT-L7: 60 episodes after an effect has changed by 0.15 the belief is within 0.05 of it")
    func drift() {
        let campaign = DriftCampaign(worlds: Size.isFull ? 200 : 20, before: 80, checks: [1, 20, 40, 60])
        print("drift: bias", campaign.bias, "rms", campaign.rootMeanSquare, "found", campaign.found)
        #expect(abs(campaign.bias[1] ?? 0) > 0.10, "nothing changed")
        #expect(abs(campaign.bias[60] ?? 1) <= (Size.isFull ? 0.05 : 0.07), "\(campaign)")
    }
}
