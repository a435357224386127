import BackTesting
import Control
import EngineModels
import EpisodeStore
import Foundation
import Measurements
import Policies
import Scorecards
import Simulation
import Statistics
import Synchronization

/// A back-test from its options to its scorecard.
struct SimulateRun {
    private let command: SimulateCommand
    private let policies: [Policy]
    private let trace: ReadTrace
    private let assembly: TrialAssembly
    private let target: Double

    init(_ command: SimulateCommand) throws {
        self.command = command
        policies = try PolicyReading.policies(files: command.policy)
        trace =
            try command.trace.map { try TraceReading.trace($0) }
            ?? TraceReading.measurements(
                command.storing, since: try Self.time(command.since, "--since"), until: try Self.time(command.until, "--until"))
        target = try command.target.map { try ShareText.share($0, "--target") } ?? policies.first?.objective.attainment ?? 0.99
        let objective = try Self.objective(command, policies.first)
        assembly = try TrialAssembly(trace, command.load, command.pool, objective: objective)
    }

    func run() async throws {
        let output = try command.output.open()
        var first = assembly.trial(seed: command.seed, replicasAtFirst: assembly.replicas.lowerBound)
        try Interruption.check()
        let words = command.opponents
        let others = try others(words.filter { $0 != ContestantNames.clairvoyant }, in: first)
        // Refused before an hour has been simulated.
        for policy in policies { try Self.refusing { _ = try PolicyTrial(first, policy: policy) } }
        if let file = command.writeTrace { try Self.write(first.requests, to: file) }
        first.setup.replicas = command.pool.start ?? first.smallestFleet(for: target, over: Nanoseconds(seconds: 900))
        try Interruption.check()
        let replicasAtFirst = first.setup.replicas
        let notes = TrialNotes()
        let seeds = (0..<UInt64(command.seeds)).map { command.seed &+ $0 }
        let isAskedForClairvoyant = words.contains(ContestantNames.clairvoyant)
        let test = BackTest(
            contestants: policies.map { policy in .policy(policy) { notes.take($0, of: policy.name) } } + others, seeds: seeds,
            target: target, clairvoyant: isAskedForClairvoyant ? Self.clairvoyant(target) : nil
        ) { [assembly] in assembly.trial(seed: $0, replicasAtFirst: replicasAtFirst) }
        let card = Scorecard(rows: try await Self.rows(of: test), circumstances: circumstances(first, notes.texts), seeds: seeds)
        // An hour's work is not lost with its page.
        if !command.noStore { keep(card) }
        try write(card, to: output)
        if missesObjective(card) { throw ExitStatus.negative }
    }

    private static func rows(of test: BackTest) async throws -> [Scorecard.Row] {
        let progress = SimulateProgress()
        defer { progress.end() }
        do {
            return try await test.run { name, share in
                try Interruption.check()
                progress.show(name, share)
            }
        } catch let end as CancellationError {
            try Interruption.check()
            throw end
        }
    }

    private static func clairvoyant(_ target: Double) -> @Sendable (ScalingTrial) -> ScalingScore? {
        { trial in trial.clairvoyant(attaining: target)?.score }
    }

    private func others(_ words: [String], in trial: ScalingTrial) throws -> [Contestant] {
        let names = policies.map(\.name) + command.opponents
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw CommandFailure("'\(twice)' is to be tried twice; name each contestant once")
        }
        return try words.map { try ContestantNames(target: target).contestant($0, in: trial) }
    }

    private func circumstances(_ trial: ScalingTrial, _ notes: [String]) -> Scorecard.Circumstances {
        let count = Double(max(1, trial.requests.count))
        let (profile, limits) = (assembly.profile, assembly.objective)
        let first = FigureText.latency(seconds: limits.firstTokenBase.seconds)
        return Scorecard.Circumstances(
            trace: trace.name, requests: trial.requests.count, seconds: assembly.load.end.seconds,
            meanInputTokens: Double(trial.requests.reduce(0) { $0 + $1.inputTokens }) / count,
            meanOutputTokens: Double(trial.requests.reduce(0) { $0 + $1.outputTokens }) / count,
            engine: "\(profile.model) on \(profile.hardware)",
            objective:
                "first token within \(first) + \(FigureText.number(limits.prefillFactor)) × what its prompt takes on an idle engine, "
                + "tokens \(FigureText.latency(seconds: limits.timePerOutputToken.seconds)) apart in the mean",
            target: target, warmUpSeconds: trial.warmUp.seconds, coldStartSeconds: assembly.coldStart.median.seconds,
            minimumReplicas: trial.replicaRange.lowerBound, maximumReplicas: trial.replicaRange.upperBound,
            replicasAtFirst: trial.setup.replicas, notes: trace.notes + notes)
    }

    private func write(_ card: Scorecard, to file: OutputFile?) throws {
        let text =
            switch command.format {
            case .text: card.text
            case .json: try card.json(toolVersion: LLMAutoOptimizer.version)
            case .html: card.html(toolVersion: LLMAutoOptimizer.version)
            }
        try command.output.write(text, to: file)
    }

    /// As a table that `--trace` reads.
    private static func write(_ requests: [SimulatedRequest], to path: String) throws {
        let hasCache = requests.contains { $0.cachedTokens >= 512 }
        let file = try OutputFile(path: path)
        try file.write(Data(("t_s,in_tokens,out_tokens" + (hasCache ? ",prefix_hit_blocks512" : "") + "\n").utf8))
        var block = ""
        for request in requests {
            block += "\(request.arrival.seconds),\(request.inputTokens),\(request.outputTokens)"
            block += (hasCache ? ",\(request.cachedTokens / 512)" : "") + "\n"
            guard block.utf8.count > 1 << 16 else { continue }
            try file.write(Data(block.utf8))
            block = ""
        }
        try file.write(Data(block.utf8))
        try file.finish()
    }

    /// A back-test that cannot be kept was made all the same.
    private func keep(_ card: Scorecard) {
        let shelf = BackTestShelf(storePath: command.storing.path)
        for (policy, row) in zip(policies, card.rows) {
            let record = BackTestRecord(
                time: .now, toolVersion: LLMAutoOptimizer.version, trace: trace.name, attainment: row.estimate(.attainment)?.mean,
                gpuHours: row.estimate(.gpuHours)?.mean, seeds: card.seeds.count)
            do {
                try shelf.keep(record, of: policy)
            } catch {
                Terminal.standardError("the back-test of '\(policy.name)' is not kept: \(error)\n")
            }
        }
    }

    private func missesObjective(_ card: Scorecard) -> Bool {
        zip(policies, card.rows).contains { policy, row in (row.estimate(.attainment)?.mean ?? 1) < policy.objective.attainment }
    }

    // MARK: Reading options

    private static func time(_ text: String?, _ option: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let time = Timestamp(iso8601: text) else {
            throw CommandFailure("\(option) \(text): expected a time in ISO 8601, for example 2026-11-20T00:00:00Z")
        }
        return time
    }

    private static func objective(_ command: SimulateCommand, _ policy: Policy?) throws -> ServiceObjective {
        func limit(_ metric: LatencyMetric) -> Nanoseconds? {
            policy?.objective.latencies.filter { $0.metric == metric }.map(\.limit).max().map { Nanoseconds(seconds: $0.inSeconds) }
        }
        func told(_ text: String?, _ option: String) throws -> Nanoseconds? {
            try text.map { Nanoseconds(seconds: try TimeText.duration($0, option).inSeconds) }
        }
        var objective = ServiceObjective()
        if let first = try told(command.ttft, "--ttft") ?? limit(.timeToFirstToken) { objective.firstTokenBase = first }
        if let perToken = try told(command.tpot, "--tpot") ?? limit(.timePerOutputToken) { objective.timePerOutputToken = perToken }
        return objective
    }

    private static func refusing(_ work: () throws -> Void) throws {
        do {
            try work()
        } catch let refusal as PolicyTrialRefusal {
            throw CommandFailure("\(refusal)")
        }
    }
}

/// What policies did in their trials, in a sentence each.
private final class TrialNotes: Sendable {
    private let courses = Mutex<[String: Course]>([:])

    private struct Course {
        var trials = 0
        var kept = 0
        var rolledBack = 0
        var others = 0
        var refusals: [String: Int] = [:]
    }

    func take(_ outcome: PolicyTrial.Outcome, of policy: String) {
        courses.withLock { courses in
            var course = courses[policy] ?? Course()
            course.trials += 1
            for adjustment in outcome.adjustments where adjustment.kind != .holdout {
                switch adjustment.state {
                case .kept: course.kept += 1
                case .rolledBack: course.rolledBack += 1
                default: course.others += 1
                }
            }
            course.refusals.merge(outcome.refusals) { $0 + $1 }
            courses[policy] = course
        }
    }

    var texts: [String] {
        courses.withLock { courses in
            courses.sorted { $0.key < $1.key }.map { name, course in
                let total = course.kept + course.rolledBack + course.others
                guard total > 0 else {
                    let why = course.refusals.max { ($0.value, $1.key) < ($1.value, $0.key) }.map { ", mostly because \($0.key)" } ?? ""
                    return "\(name) changed nothing in \(course.trials) trials\(why)."
                }
                return "\(name) made \(total) changes in \(course.trials) trials: \(course.kept) kept, \(course.rolledBack) rolled back, "
                    + "\(course.others) otherwise."
            }
        }
    }
}

/// How far a back-test has come, in place on a terminal.
private final class SimulateProgress {
    private var isDrawn = false

    func show(_ name: String, _ share: Double) {
        guard Terminal.errorIsTerminal else { return }
        Terminal.standardError("\r\u{1B}[2K\(Int(share * 100)) %  \(ForeignText.printable(name))")
        isDrawn = true
    }

    func end() {
        if isDrawn { Terminal.standardError("\r\u{1B}[2K") }
    }
}
