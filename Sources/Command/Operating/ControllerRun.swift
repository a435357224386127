import Control
import EpisodeStore
import Foundation
import Kubernetes
import Measurements
import Policies
import Server
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
        let vitals = ControllerVitals()
        let announcer = Announcers(all: [log, vitals] + (events.map { [$0] } ?? []))
        let election = command.leaderElection ? try Election(command.cluster.access(), namespace: command.leaseNamespace, log: log) : nil
        let leadership: any Leadership = election?.elector ?? SoleLeader()
        let assembly = try LoopAssembly(
            store: store, clock: clock, announcer: announcer, leadership: leadership, origin: .run, cluster: cluster)
        let controller = Controller(
            journal: store, announcer: announcer, clock: clock, fleet: assembly.fleet, makeLoop: { try assembly.loop($0) })
        let supply: any PolicySupply
        if command.policiesFromCluster {
            supply = ClusterPolicies(try cluster.client(), leadership: leadership)
        } else {
            supply = FilePolicies(path: command.policies ?? ".")
        }
        let beside = [Task { await election?.elector.run() }, Task { await events?.run() }]
        let failure = await served(vitals, leadership) { [supply] in
            var supply = supply
            return await drive(controller, &supply, store, clock, vitals)
        }
        await controller.close()
        for task in beside { task.cancel() }
        for task in beside { await task.value }
        await assembly.shutdown()
        if let failure { throw failure }
    }

    /// Does the work while the endpoints for probes and scrapes are served, where somebody asked for them.
    private func served(
        _ vitals: ControllerVitals, _ leadership: any Leadership, _ work: @escaping @Sendable () async -> (any Error)?
    ) async -> (any Error)? {
        guard let address = command.listen.flatMap(ListenAddress.init) else { return await work() }
        let server = HealthServer(
            isHealthy: { vitals.isAlive }, isReady: { vitals.isReady }, metrics: { vitals.page(isLeader: leadership.term() != nil) })
        do {
            return try await server.serve(host: address.host, port: address.port) { _ in await work() }
        } catch {
            return CommandFailure("cannot listen on \(command.listen ?? ""): \(error)", status: .unreachable)
        }
    }

    /// Ticks what is due until somebody asks to stop.
    private func drive(
        _ controller: Controller, _ supply: inout any PolicySupply, _ store: EpisodeStore, _ clock: SystemClock, _ vitals: ControllerVitals
    ) async -> (any Error)? {
        var pruned: Timestamp?
        var policies: [Policy] = []
        var untried = UntriedPolicies(storePath: store.path)
        var retryAt: Timestamp?
        do {
            try await supply.start()
        } catch {
            return error
        }
        while !Interruption.isRequested {
            let news = await supply.news(at: clock.steady)
            if news != nil || retryAt.map({ $0 <= clock.steady }) ?? false {
                let isFirst = news != nil && policies.isEmpty
                policies = news ?? policies
                let problems = await controller.use(policies)
                if news != nil {
                    for problem in problems + untried.warnings(policies) { Terminal.standardError("\(problem)\n") }
                }
                if isFirst, !problems.isEmpty, problems.count == policies.count, supply.mustHavePolicies {
                    return CommandFailure("none of the policies can be run", status: .unreachable)
                }
                // What a policy needs may come: a kubeconfig, a key.
                retryAt = problems.isEmpty ? nil : clock.steady.advanced(by: .seconds(30))
            }
            await controller.startDue()
            let status = await controller.status
            vitals.beat(policies: status.count, open: status.count { $0.last?.adjustment?.isOpen == true })
            await supply.report(status, at: clock.wall)
            if pruned.map({ clock.steady.since($0).duration > .seconds(3_600) }) ?? true {
                pruned = clock.steady
                // A store that cannot be pruned still journals; what fails is told by whoever needs it.
                _ = try? store.prune(
                    olderThan: clock.steady.advanced(by: .zero - StoreOptions.keptFor), retention: StoreOptions.keptFor,
                    maximumBytes: StoreOptions.keptBytes)
            }
            let pause = await controller.nextDue.map { $0.since(clock.steady).duration } ?? .seconds(1)
            // Signals and edited files are noticed within this time.
            try? await Task.sleep(for: min(max(pause, .milliseconds(5)), .milliseconds(250)))
        }
        await supply.close()
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
