import Control
import EpisodeStore
import Foundation
import Kubernetes
import Policies

/// One life of a controller: ticks until everything that was begun has ended, or until it kills itself.
struct HelperRun {
    struct UsageError: Error, CustomStringConvertible {
        let description: String
    }

    private let server: String
    private let folder: String
    private let ground: Ground
    private let kill: KillPoint?

    /// Ticks in which nothing is open any more, before it ends.
    private static let quietTicks = 3
    private static let mostTicks = 400

    init(_ options: [String: String]) throws {
        guard let server = options["server"], let folder = options["folder"], let kind = options["knob"].flatMap(Ground.KnobKind.init),
            let slope = options["slope"].flatMap(Double.init)
        else { throw UsageError(description: "expected --server, --folder, --knob and --slope, found \(options)") }
        self.server = server
        self.folder = folder
        ground = Ground(kind, slope: slope)
        kill = try options["kill"].map { text in
            guard let point = KillPoint(text) else { throw UsageError(description: "expected before:commit:1, found \(text)") }
            return point
        }
    }

    func run() async throws {
        let clock = TickClock(file: folder + "/tick", step: ground.step)
        let store = try EpisodeStore(path: folder + "/store.sqlite")
        let kill = kill
        let counter = StepCounter(
            before: { step in
                Self.say("\(step.kind.rawValue) \(step.number) \(step.name) \(step.state)")
                if kill?.isReached(.before, step) == true { Self.die() }
            },
            after: { step in if kill?.isReached(.after, step) == true { Self.die() } })
        let adjuster = try Self.adjuster([ground.knob], server: server, token: "one", clock: clock, target: ground.workload)
        let loop = PolicyLoop(
            policy: ground.policy, target: ground.target,
            ports: LoopPorts(
                clock: clock, sources: [try source(clock)], adjuster: CountedAdjuster(adjuster, counter),
                canary: CanaryPorts(target: CountedCanary(KubernetesCanary(adjuster), counter), meter: GroundMeter(ground)),
                journal: CountedJournal(store, counter), leadership: SoleLeader(), announcer: KeptEvents(), toolVersion: "test",
                origin: .run))
        var quiet = 0
        while quiet < Self.quietTicks && clock.tick < Self.mostTicks {
            try clock.advance()
            let report = await loop.tick()
            for problem in report.problems { Self.say("problem \(problem)") }
            let all = try store.adjustments()
            let isOver = !all.isEmpty && all.allSatisfy { !$0.isOpen } && report.observation != nil && report.observation?.mark == nil
            quiet = isOver ? quiet + 1 : 0
        }
        Self.say("done \(clock.tick) \(counter.count(.commit)) \(counter.count(.call))")
    }

    /// Asks the target as somebody else, as an engine knows its own settings: these requests are no steps of the controller.
    private func source(_ clock: TickClock) throws -> LoadSource {
        let engine = try Self.adjuster([ground.knob], server: server, token: "engine", clock: clock, target: ground.workload)
        let name = ground.knob.name
        return LoadSource(ground) { try? await engine.observe().values[name]?.value.wholeNumber }
    }

    static func adjuster(
        _ knobs: [Knob], server: String, token: String, clock: any ControlClock, target: Policy.KubernetesTarget = Ground.deployment
    ) throws -> KubernetesAdjuster {
        let settings = KubernetesClientSettings(deadline: .seconds(20), seed: 1)
        let client = try KubernetesClient(try ClusterAccess(server: server, token: token), settings: settings)
        return try KubernetesAdjuster(target: target, knobs: knobs, client: client, clock: clock)
    }

    private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    /// As a power cut: nothing is flushed, closed or told.
    private static func die() -> Never {
        _ = Foundation.kill(getpid(), SIGKILL)
        while true { pause() }
    }
}

/// Where a process ends itself.
struct KillPoint {
    enum Side: String {
        case before, after
    }

    let side: Side
    let kind: StepCounter.Kind
    let number: Int

    /// `before:commit:1`
    init?(_ text: String) {
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count == 3, let side = Side(rawValue: parts[0]), let kind = StepCounter.Kind(rawValue: parts[1]),
            let number = Int(parts[2])
        else { return nil }
        self.side = side
        self.kind = kind
        self.number = number
    }

    func isReached(_ side: Side, _ step: StepCounter.Step) -> Bool { self.side == side && kind == step.kind && number == step.number }
}
