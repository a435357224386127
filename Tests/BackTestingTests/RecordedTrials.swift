import BackTesting
import EngineModels
import FoundationEssentials
import Measurements
import Scaling
import Simulation
import TestSupport

/// Trials on recorded load from the shared data, and what campaigns print of them.
enum RecordedTrials {
    static let runsCampaign = ProcessInfo.processInfo.environment["CAMPAIGN"] == "full" && SharedData.isPresent

    /// Requests per second of ServeGen's models, in the mean of its fourteen days.
    private static let recordedMeans = ["m-small": 1_196.0, "m-mid": 1_868, "m-large": 196]
    private static let places = ["m-small": UInt64(1), "m-mid": 2, "m-large": 3]

    static func conversations() throws -> RequestTrace { try RequestTrace(csv: SharedData.unpacked("traces/azure2023_conv.csv.gz")) }

    /// A day of a model, scaled so that its fourteen days come at 40 requests a second in the mean.
    ///
    /// - Parameter draw: Another one than 0 draws what was not recorded anew.
    static func day(
        _ day: Int, of model: String, coldStart: Double = 150, slowness: Double = 1, draw: UInt64 = 0
    ) throws -> ScalingTrial {
        let week = try RateSeries(csv: SharedData.unpacked("traces/servegen_\(model)_rate600s_days0-6.csv.gz"))
        let rates = week.scaled(by: 40 / (recordedMeans[model] ?? 1)).slice(fromStep: day * 144, steps: 144)
        var conditions = TrialConditions(
            coldStart: Nanoseconds(seconds: coldStart), lengths: try conversations(),
            seed: UInt64(day) * 10 + (places[model] ?? 0) + 100 * draw)
        conditions.profile.latency = conditions.profile.latency.slowed(by: slowness)
        return ScalingTrial(rates, under: conditions)
    }

    /// The hour of Azure's conversations, eight times over.
    static func hour(coldStart: Double = 150) throws -> ScalingTrial {
        let trace = try conversations().superposed(copies: 8, jitter: Nanoseconds(seconds: 15), seed: 8)
        return ScalingTrial(
            trace, under: TrialConditions(coldStart: Nanoseconds(seconds: coldStart), lengths: try conversations(), seed: 8))
    }

    /// The hour of Azure's code completions, three times over: nothing for minutes, then hundreds of prompts within seconds. There may be two
    /// and a half times as many replicas as the busiest quarter of a minute needs.
    static func code(coldStart: Double = 150) throws -> ScalingTrial {
        let lengths = try RequestTrace(csv: SharedData.unpacked("traces/azure2023_code.csv.gz"))
        let trace = lengths.superposed(copies: 3, jitter: Nanoseconds(seconds: 1), seed: 3)
        let conditions = TrialConditions(coldStart: Nanoseconds(seconds: coldStart), lengths: lengths, seed: 3)
        var trial = ScalingTrial(trace, under: conditions)
        let quarters = Dictionary(grouping: trace.requests) { Int($0.arrival.seconds / 15) }
        let highest = Double(quarters.values.map(\.count).max() ?? 0) / 15
        trial.replicaRange = 1...max(1, Int((2.5 * highest / conditions.capacity).rounded(.up)))
        return trial
    }

    /// As it is used: the true profile, and a cold start as rather long ones take.
    static func planner(coldStart: Double = 150) -> ReplicaPlanner {
        ReplicaPlanner(PlannerSettings(profile: .llama70BOnFourH100, coldStart: Nanoseconds(seconds: coldStart)))
    }
}

extension LatencyModel {
    /// An engine that takes longer for everything, as a factor.
    func slowed(by factor: Double) -> LatencyModel {
        LatencyModel(
            overhead: overhead * factor, weightRead: weightRead * factor, readPerToken: readPerToken * factor,
            computeFloor: computeFloor * factor, computePerToken: computePerToken * factor, cachePerToken: cachePerToken * factor,
            attention: attention * factor)
    }
}

extension ScalingScore {
    /// `99.12 %, 158.3 replica h, 4.2 changes/h`
    var summary: String {
        "\(Self.text((attainment ?? 0) * 100)) %, \(Self.text(replicaHours)) replica h, \(Self.text(Double(changes) / hours)) changes/h"
    }

    static func text(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
