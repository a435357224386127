import EpisodeStoreHelper
import Foundation
import GRDB
import Learning
import Measurements
import TestSupport
import Testing

@testable import EpisodeStore

@Suite struct EpisodeTests {
    let folder: TemporaryFolder
    let store: EpisodeStore

    init() throws {
        folder = try TemporaryFolder()
        store = try EpisodeStore(path: folder.store)
    }

    @Test("an episode comes back as it went in: not finite, zero and missing stay apart", arguments: EpisodeRecord.Mode.allCases)
    func roundTrip(_ mode: EpisodeRecord.Mode) throws {
        var episode = try Samples.episode(1, closed: false)
        episode.mode = mode
        episode.isUrgent = true
        episode.seed = .max
        episode.canaryReplicas = 2
        episode.controlReplicas = 3
        episode.triggerOutcomes.cost = .infinity
        episode.parent = Samples.id(7)
        (episode.configurationDigest, episode.engineDigest, episode.policyVersion) = ("c", "e", "v")
        episode.propensities = try Propensities(chosen: "a", distribution: ["a": 1, "b": 0])
        try store.append(episode)
        let open = try #require(try store.episode(episode.id))
        #expect(open.propensities == episode.propensities && open.seed == .max && open.parent == episode.parent)
        #expect(open.from == episode.from && open.to == episode.to && open.closure == nil && open.mode == mode)
        #expect(open.before.conditions.trend?.isNaN == true)
        #expect(open.before.outcomes == episode.before.outcomes && open.triggerOutcomes == episode.triggerOutcomes)
        #expect(open.before.conditions.arrivalRate == 5.5 && open.before.conditions.dispersion == nil)
        #expect(open.predictions == episode.predictions && open.trigger == "slow" && open.isUrgent)
        #expect([open.configurationDigest, open.engineDigest, open.policyVersion] == ["c", "e", "v"])
        #expect(open.canaryReplicas == 2 && open.controlReplicas == 3 && open.decidedAt == episode.decidedAt)
        #expect(try store.episode(Samples.id(2)) == nil)
    }

    @Test("closing adds what came of it, once")
    func closing() throws {
        let episode = try Samples.episode(1, closed: false)
        try store.append(episode)
        #expect(try store.openEpisodes().map(\.id) == [episode.id])
        #expect(try store.samples(deployment: episode.deployment).isEmpty, "an open episode teaches nothing")
        let closure = Samples.closure(at: Samples.time.advanced(by: .seconds(900)))
        try store.close(episode: episode.id, with: closure)
        let closed = try #require(try store.episode(episode.id)?.closure)
        #expect(closed.effect == closure.effect && closed.contamination == [.metricGap] && closed.quality == 0.75)
        #expect(closed.settle == .seconds(60) && closed.window == .seconds(240) && closed.requestCount == 1_200)
        #expect(closed.verdict == .improved && closed.time == closure.time && closed.stopReason == closure.stopReason)
        #expect(try store.openEpisodes().isEmpty)
        let again = try #require(throws: StoreError.self) { try store.close(episode: episode.id, with: closure) }
        #expect(again.kind == .conflict && again.cause.contains("closed already"))
        #expect(try #require(throws: StoreError.self) { try store.close(episode: Samples.id(9), with: closure) }.kind == .notFound)
    }

    @Test("what a canary showed comes back with its outcome, beside an effect or without; what was written before that holds none")
    func contrasts() throws {
        var closure = Samples.closure(at: Samples.time.advanced(by: .seconds(900)))
        var before = FigureWriter()
        before.append(closure.after)
        before.append(closure.effect)
        #expect(ClosingFigures(closure).data == before.data)
        closure.contrasts[.timePerOutputToken] = MeasuredEffect(logRatio: 0.02, standardError: 0.03, lower: -0.1, upper: 0.14)
        for (number, effect) in [(UInt32(1), closure.effect), (2, nil)] {
            var episode = try Samples.episode(number, closed: false)
            episode.mode = .canary
            closure.effect = effect
            try store.append(episode)
            try store.close(episode: episode.id, with: closure)
            let closed = try #require(try store.episode(episode.id)?.closure)
            #expect(closed.contrasts == closure.contrasts && closed.effect == effect)
            #expect(try store.samples(deployment: episode.deployment).first?.contrasts == closure.contrasts)
        }
    }

    @Test("an open episode survives a restart")
    func restart() throws {
        let other = try TemporaryFolder()
        do { try EpisodeStore(path: other.store).append(Samples.episode(1, closed: false)) }
        let reopened = try EpisodeStore(path: other.store)
        #expect(try reopened.openEpisodes(deployment: "llm/chat-8b").map(\.id) == [Samples.id(1)])
        #expect(try reopened.openEpisodes(deployment: "llm/other").isEmpty)
    }

    @Test("an episode that is there already is a conflict; quality outside of its range as well")
    func conflicts() throws {
        try store.append(Samples.episode(1))
        #expect(try #require(throws: StoreError.self) { try store.append(Samples.episode(1)) }.kind == .conflict)
        var episode = try Samples.episode(2)
        episode.closure?.quality = 1.5
        #expect(try #require(throws: StoreError.self) { try store.append(episode) }.kind == .conflict)
        #expect(try store.episode(episode.id) == nil, "neither half was kept")
    }

    @Test("a decision gets the newest closed episodes of its deployment and action")
    func samples() throws {
        for number in UInt32(1)...20 {
            try store.append(Samples.episode(number, action: number % 2 == 0 ? "replicas+1" : "noop", closed: number != 20))
        }
        var foreign = try Samples.episode(21)
        foreign.deployment = "llm/other"
        try store.append(foreign)
        let all = try store.samples(deployment: "llm/chat-8b", limit: 3)
        #expect(all.map(\.id) == [19, 18, 17].map { Samples.id($0) })
        let some = try store.samples(deployment: "llm/chat-8b", action: "replicas+1", limit: 3)
        #expect(some.map(\.id) == [18, 16, 14].map { Samples.id($0) })
        let sample = try #require(some.first)
        #expect(sample.propensity == 0.85 && sample.quality == 0.75 && sample.verdict == .improved && sample.requestCount == 1_200)
        #expect(sample.after.outcomes.timeToFirstToken == -0.9 && sample.before.outcomes.timeToFirstToken == -0.5)
        #expect(sample.predictions.afterChanged.timeToFirstToken == -0.4 && sample.effect?.logRatio == -0.4)
        #expect(try store.episodes(deployment: "llm/chat-8b", action: "noop", limit: 2).map(\.id) == [19, 17].map { Samples.id($0) })
        #expect(try store.episodes(deployment: "llm/chat-8b", limit: 1).map(\.id) == [Samples.id(20)])
    }

    @Test("the decision query walks an index in order, without sorting", arguments: [true, false])
    func plan(withAction: Bool) throws {
        let details = try store.read("explain") { database in
            try Row.fetchAll(
                database, sql: "EXPLAIN QUERY PLAN " + EpisodeRow.sampleQuery(withAction: withAction),
                arguments: withAction ? ["d", "a", 10] : ["d", 10]
            ).map { $0["detail"] as String }
        }
        #expect(details.count == 1)
        #expect(details[0].contains("USING INDEX \(withAction ? "episode_by_action" : "episode_by_deployment")"), "\(details)")
    }

    @Test("the file itself refuses a propensity of nothing and a mode nobody knows")
    func checks() throws {
        try store.append(Samples.episode(1))
        for damage in ["propensity = 0", "propensity = 1.01", "mode = 'guess'", "closed_at = NULL"] {
            #expect(throws: StoreError.self) { try store.write("damage") { try $0.execute(sql: "UPDATE episode SET \(damage)") } }
        }
    }

    @Test("buckets come in order, and one that is written twice counts once")
    func buckets() throws {
        try store.append(Samples.episode(1, closed: false))
        var late = EpisodeBucket(index: 1, arm: .changed, requests: 12)
        late.logTimePerOutputToken = PowerSums(sum: -3, squares: 9)
        late.logTimeToFirstToken = PowerSums(sum: -1, squares: 2)
        (late.violations, late.errors, late.preemptions) = (1, 2, 3)
        (late.arrivalRate, late.inputTokens, late.outputTokens) = (1.5, 300, 31)
        let early = EpisodeBucket(index: 0, arm: .changed, requests: 0)
        let control = EpisodeBucket(index: 0, arm: .control, requests: 5)
        try store.append([late, early, control], to: Samples.id(1))
        try store.append([late], to: Samples.id(1))
        #expect(try store.buckets(of: Samples.id(1)) == [control, early, late])
        #expect(try store.buckets(of: Samples.id(2)).isEmpty)
        #expect(try #require(throws: StoreError.self) { try store.append([late], to: Samples.id(2)) }.kind == .notFound)
    }

    @Test("what was learned is replaced by what is learned later")
    func posteriors() throws {
        var posterior = EffectPosterior(
            scope: "llm/chat-8b", action: "replicas+1", outcome: .timeToFirstToken, moments: [1, -2], normalMatrix: [4, 0.5, 0.5, 3],
            variance: 0.01, effectiveCount: 17.5, widening: 1.1, updated: Samples.time)
        try store.save(posterior)
        posterior.effectiveCount = 18.5
        try store.save(posterior)
        #expect(try store.posteriors(scope: "llm/chat-8b") == [posterior])
        #expect(try store.posteriors(scope: "llm").isEmpty)
    }

    @Test("calibration comes newest first")
    func calibration() throws {
        let points = (0..<3).map { index in
            CalibrationPoint(
                time: Samples.time.advanced(by: .seconds(index)), action: "noop", level: 0.9, covered: index == 1, transform: 0.4,
                width: 0.2)
        }
        for point in points { try store.append(point) }
        #expect(try store.calibration(since: points[1].time) == [points[2], points[1]])
    }
}
