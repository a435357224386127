import BackTesting
import Baselines
import EngineModels
import FoundationEssentials
import Measurements
import Scaling
import Simulation
import TestSupport
import Testing

/// Baselines and limits on whole recorded days: `CAMPAIGN=full`, in a release build. `CAMPAIGN_DAY=m-mid/5` is another day, `CAMPAIGN_HOURS=3` only
/// its first hours, `CAMPAIGN_COLD=45` another start, `CAMPAIGN_AGAINST=hpa,kpa` other baselines, `CAMPAIGN_EFFORT=80` a longer search.
@Suite("Baselines on a recorded day", .enabled(if: ProcessInfo.processInfo.environment["CAMPAIGN"] == "full" && SharedData.isPresent))
struct BaselineCampaignTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let usual = """
        hpa:target=40,hpa:target=30,keda:threshold=40,keda:threshold=30,keda:threshold=5:metric=waiting,slo-keda,kpa:concurrency=30,kpa,\
        wva,wva-tokens,wva-queueing:divide=1.5,wva-queueing:divide=2,wva-queueing:multiplier=3,dynamo,dynamo:capacity=0.5,dynamo:mode=load,\
        dynamo:mode=both,dynamo-easy,dynamo-easy:for=latency,dynamo-classic,aibrix:target=40,ray:target=40,ray
        """

    private func trial(_ model: String, day: Int, hours: Int, cold: Double) throws -> ScalingTrial {
        let rates = try RateSeries(csv: SharedData.unpacked("traces/servegen_\(model)_rate600s_days0-6.csv.gz")).slice(
            fromStep: 144 * day, steps: 144)
        let end = Nanoseconds(seconds: min(rates.seconds, 3_600 * Double(hours)))
        let drawn = LoadShape.series(rates.scaled(by: 40 / rates.mean)).modulated(for: end.seconds, seed: 1)
        let lengths = try RequestTrace(csv: SharedData.unpacked("traces/azure2023_conv.csv.gz"))
        var arrivals = Arrivals(shape: .series(drawn), lengthsLike: lengths, seed: 1)
        let first = drawn.rates.prefix(60).reduce(0, +) / 60
        return ScalingTrial(
            setup: PoolSetup(
                profile: .llama70BOnFourH100, replicas: max(1, Int((first / 6).rounded(.up))),
                coldStart: ColdStart(median: Nanoseconds(seconds: cold), deviation: 0.25), noise: PoolNoise(withinReplica: 0.03)),
            requests: arrivals.requests(before: end), end: end, replicaRange: 1...24)
    }

    @Test("limits and baselines")
    func day() throws {
        let parts = (Self.environment["CAMPAIGN_DAY"] ?? "m-large/3").split(separator: "/")
        let (model, day) = (String(parts[0]), try #require(Int(parts[1])))
        let cold = try #require(Double(Self.environment["CAMPAIGN_COLD"] ?? "150"))
        let hours = try #require(Int(Self.environment["CAMPAIGN_HOURS"] ?? "24"))
        let trial = try trial(model, day: day, hours: hours, cold: cold)
        let clock = ContinuousClock()
        let fluid = trial.fluidReplicaHours()
        var clairvoyant: ClairvoyantLimit?
        let searched = clock.measure { clairvoyant = trial.clairvoyant(effort: Double(Self.environment["CAMPAIGN_EFFORT"] ?? "40") ?? 40) }
        let limit = try #require(clairvoyant)
        print("\(model) day \(day), starts of \(cold) s: \(trial.requests.count) requests; limits in \(searched), \(limit.runs) runs")
        #expect(fluid < limit.score.replicaHours)
        func row(_ name: String, _ score: ScalingScore) {
            func rounded(_ value: Double, _ places: Double = 100) -> Double { (value * places).rounded() / places }
            print(
                "| \(name) | \(rounded(100 * (score.attainment ?? .nan))) | \(rounded(score.replicaHours, 10))",
                "| \(rounded(score.replicaHours / limit.score.replicaHours, 1_000))",
                "| \(rounded(Double(score.changes) / score.hours, 10)) | \(rounded(Double(score.reversals) / score.hours, 10)) |")
        }
        print("| fluid bound | | \(fluid) | \(fluid / limit.score.replicaHours) | | |")
        row("clairvoyant", limit.score)
        if let fleet = trial.bestFixedFleet() {
            row("best fixed fleet (\(fleet.replicas))", fleet.score)
            #expect(limit.score.replicaHours < fleet.score.replicaHours)
        }
        let context = BaselineContext(profile: trial.setup.profile, settings: trial.setup.settings, replicaRange: trial.replicaRange)
        for text in (Self.environment["CAMPAIGN_AGAINST"] ?? Self.usual).split(separator: ",") {
            var scaler = try Baseline.named(String(text), for: context)
            row(String(text), trial.run(&scaler))
        }
    }
}
