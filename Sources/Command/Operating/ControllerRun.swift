import Control
import EpisodeStore
import Foundation
import Kubernetes
import Measurements
import Policies
import Synchronization

/// The controller from its start to its end.
struct ControllerRun {
    private let command: RunCommand

    init(_ command: RunCommand) { self.command = command }

    func run() async throws {
        let store = try command.storing.open()
        let clock = SystemClock()
        let cluster = ClusterConnection(command.cluster)
        let log = command.logging.log
        let events = command.policiesFromCluster ? ClusterEvents(try cluster.client()) : nil
        let announcer: any Announcer = events.map { Announcers(all: [log, $0]) } ?? log
        let election = command.leaderElection ? try Election(command.cluster.access(), namespace: command.leaseNamespace, log: log) : nil
        let assembly = try LoopAssembly(
            store: store, clock: clock, announcer: announcer, leadership: election?.elector ?? SoleLeader(), origin: .run, cluster: cluster)
        let controller = Controller(
            journal: store, announcer: announcer, clock: clock, fleet: assembly.fleet, makeLoop: { try assembly.loop($0) })
        var supply: any PolicySupply
        if command.policiesFromCluster {
            supply = ClusterPolicies(try cluster.client())
        } else {
            supply = FilePolicies(path: command.policies ?? ".")
        }
        let beside = [Task { await election?.elector.run() }, Task { await events?.run() }]
        let failure = await drive(controller, &supply, store, clock)
        await controller.close()
        for task in beside { task.cancel() }
        for task in beside { await task.value }
        await assembly.shutdown()
        if let failure { throw failure }
    }

    /// Ticks what is due until somebody asks to stop.
    private func drive(
        _ controller: Controller, _ supply: inout any PolicySupply, _ store: EpisodeStore, _ clock: SystemClock
    ) async -> (any Error)? {
        var pruned: Timestamp?
        do {
            try await supply.start()
        } catch {
            return error
        }
        while !Interruption.isRequested {
            if let policies = await supply.news(at: clock.steady) {
                for problem in await controller.use(policies) { Terminal.standardError("\(problem)\n") }
            }
            await controller.startDue()
            await supply.report(controller.status, at: clock.wall)
            if pruned.map({ clock.steady.since($0).duration > .seconds(3_600) }) ?? true {
                pruned = clock.steady
                // A store that cannot be pruned still journals; what fails is told by whoever needs it.
                _ = try? store.prune(
                    olderThan: clock.steady.advanced(by: .zero - StoreOptions.keptFor), maximumBytes: StoreOptions.keptBytes)
            }
            let pause = await controller.nextDue.map { $0.since(clock.steady).duration } ?? .seconds(1)
            // Signals and edited files are noticed within this time.
            try? await Task.sleep(for: min(max(pause, .milliseconds(5)), .milliseconds(250)))
        }
        return nil
    }
}

/// Contention for the controller's lease.
struct Election {
    let elector: LeaseElector

    init(_ access: ClusterAccess, namespace: String?, log: ControlLog) throws {
        let identity = "\(ProcessInfo.processInfo.hostName)_\(UUID().uuidString.lowercased())"
        do {
            elector = try LeaseElector(access, namespace: namespace ?? access.namespace, name: "llm-auto-optimizer", identity: identity) {
                news in
                log.tell(news)
            }
        } catch {
            throw CommandFailure("cannot contend for the lease: \(error)", status: .unreachable)
        }
    }
}

extension ControlLog {
    /// Who leads, as a line.
    func tell(_ news: LeaseElector.News) {
        let text: String
        let level: Level
        switch news {
        case .leads(let term): (text, level) = ("leads, in term \(term.rawValue)", .info)
        case .follows(let holder): (text, level) = ("follows \(holder.isEmpty ? "nobody" : holder)", .info)
        case .failed(let error): (text, level) = ("lease: \(error)", .warning)
        case .released: (text, level) = ("gave the lease up", .info)
        }
        guard level >= self.level else { return }
        Terminal.standardError("\(Timestamp.now) \(level.rawValue) election: \(text)\n")
    }
}
