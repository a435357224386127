import BackTesting
import Documents
import EngineModels
import Foundation
import Measurements
import Policies
import Simulation
import Statistics

/// Makes the trials of a back-test from what was asked for.
struct TrialAssembly {
    let load: TrialLoad
    let profile: EngineProfile
    let settings: EngineSettings
    let coldStart: ColdStart
    let replicas: ClosedRange<Int>
    let objective: ServiceObjective
    let warmUp: Nanoseconds

    /// More would take hours and gigabytes.
    private static let mostRequests = 20_000_000.0
    /// Nothing comes in it, so that what came last can be answered.
    private static let afterwards = Nanoseconds(seconds: 60)
    /// Real replicas differ a little, and each wavers.
    private static let noise = PoolNoise(betweenReplicas: 0.02, withinReplica: 0.04)

    init(_ trace: ReadTrace, _ options: TrialLoadOptions, _ pool: PoolOptions, objective: ServiceObjective) throws {
        let asked = try options.duration.map { Nanoseconds(seconds: try TimeText.duration($0, "--duration").inSeconds) }
        let span = TrialLoad.span(of: trace.source)
        let end = min(asked ?? span ?? Nanoseconds(seconds: 7_200), EnginePool.longestTime - Self.afterwards)
        guard (1e-6...1e6).contains(options.rateScale) else {
            throw CommandFailure("--rate-scale is \(options.rateScale), expected a factor from 0.000001 to 1000000")
        }
        var load = TrialLoad(source: trace.source, lengths: try Self.lengths(options.lengths), scale: options.rateScale, end: end)
        load.isCancelled = { Interruption.isRequested }
        self.load = load
        let expected = load.expectedRequests
        guard expected <= Self.mostRequests else {
            throw CommandFailure(
                "\(trace.name) has about \(FigureText.number(expected)) requests, and at most \(FigureText.number(Self.mostRequests)) are "
                    + "simulated; lower it with --rate-scale or --duration")
        }
        guard expected >= 1 else { throw CommandFailure("\(trace.name) has no request within \(FigureText.duration(end.duration))") }
        let asWarmUp = Nanoseconds(seconds: try TimeText.duration(options.warmUp, "--warm-up", atLeast: .zero).inSeconds)
        guard asWarmUp < end else {
            throw CommandFailure(
                "--warm-up \(options.warmUp) leaves nothing of \(FigureText.duration(end.duration)) to count; make it shorter, or --duration longer"
            )
        }
        warmUp = asWarmUp
        profile = try Self.profile(pool)
        settings = EngineSettings(maxNumSeqs: pool.maxNumSeqs, maxNumBatchedTokens: pool.maxNumBatchedTokens)
        if let problem = settings.problem(with: profile) {
            throw CommandFailure("no \(profile.name) starts with these settings: \(problem)")
        }
        coldStart = ColdStart(median: Nanoseconds(seconds: try TimeText.duration(pool.coldStart, "--cold-start", atLeast: .zero).inSeconds))
        replicas = try Self.range(pool.replicas)
        if let start = pool.start, !replicas.contains(start) {
            throw CommandFailure("--start \(start) is outside of --replicas \(pool.replicas)")
        }
        self.objective = objective
    }

    /// The trial of a seed.
    func trial(seed: UInt64, replicasAtFirst: Int) -> ScalingTrial {
        var trial = ScalingTrial(
            setup: PoolSetup(
                profile: profile, settings: settings, replicas: replicasAtFirst, seed: seed, coldStart: coldStart, noise: Self.noise),
            requests: load.requests(seed: seed), end: load.end + Self.afterwards, objective: objective, warmUp: warmUp,
            replicaRange: replicas)
        trial.isCancelled = { Interruption.isRequested }
        return trial
    }

    // MARK: Reading options

    private static func profile(_ pool: PoolOptions) throws -> EngineProfile {
        var profiles = EngineProfile.known
        if let file = pool.engineFile {
            do {
                profiles = try EngineCatalog(json: try FileContent.read(path: file, limitBytes: 1 << 20)).profiles
            } catch {
                throw CommandFailure("--engine-file \(file): \(error)")
            }
        }
        guard let name = pool.engine else { return pool.engineFile == nil ? .llama70BOnFourH100 : profiles[0] }
        guard let found = profiles.first(where: { $0.name == name }) else {
            throw CommandFailure("--engine \(name) is not known; there are \(profiles.map(\.name).joined(separator: ", "))")
        }
        return found
    }

    private static func range(_ text: String) throws -> ClosedRange<Int> {
        let parts = text.components(separatedBy: text.contains("...") ? "..." : "-").map { Int($0) }
        guard parts.count == 2, let low = parts[0], let high = parts[1], 1 <= low, low <= high, high <= PoolSetup.maximumReplicas else {
            throw CommandFailure("--replicas is '\(text)', expected a range from 1 to \(PoolSetup.maximumReplicas) such as 1...24")
        }
        return low...high
    }

    /// Means with spreads like those of Azure's conversations of 2023, or the pairs of a trace.
    private static func lengths(_ text: String) throws -> TrialLoad.Lengths {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
        guard parts.count == 2, let input = parts[0], let output = parts[1] else { return .like(try TraceReading.lengths(text)) }
        guard (1...1_000_000).contains(input), (1...1_000_000).contains(output) else {
            throw CommandFailure("--lengths is '\(text)', expected means of 1 to 1000000 tokens as IN/OUT, such as 1155/211, or a trace")
        }
        func drawn(mean: Double, deviation: Double) -> TokenLengths {
            .lognormal(median: mean / exp(deviation * deviation / 2), deviation: deviation, min: 1, max: Int(mean * 20) + 1)
        }
        return .drawn(inputs: drawn(mean: input, deviation: 0.64), outputs: drawn(mean: output, deviation: 0.5))
    }
}
