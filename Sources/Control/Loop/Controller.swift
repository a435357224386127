import FoundationEssentials
public import Measurements
public import Policies

/// The loops of many policies: which of them is due, and what operators ask of all of them.
///
/// It waits for nothing by itself; whoever runs it asks when the next loop is due and ticks it then.
public actor Controller {
    private let journal: any Journal
    private let announcer: any Announcer
    private let clock: any ControlClock
    private let fleet: FleetView
    private let makeLoop: @Sendable (Policy) throws -> PolicyLoop
    private var entries: [String: Entry] = [:]
    private var isClosed = false
    /// Loops that are at work.
    private var running: [String: Task<Void, Never>] = [:]
    /// What they are at work on.
    private var busyTargets: [String: String] = [:]

    private struct Entry {
        var policy: Policy
        var loop: PolicyLoop
        var due: Timestamp
        /// No file and no object names the policy any more; it goes on until its adjustment is closed.
        var isOrphan: Bool
        var last: PolicyLoop.Report?
    }

    /// Of whom the fleet has heard.
    private var fleetNames: Set<String> = []

    /// Most loops that tick at a time.
    private static let mostAtOnce = 16
    /// Stands for every policy in the journal.
    private static let everyPolicy = "*"

    public init(
        journal: any Journal, announcer: any Announcer, clock: any ControlClock, fleet: FleetView,
        makeLoop: @escaping @Sendable (Policy) throws -> PolicyLoop
    ) {
        self.journal = journal
        self.announcer = announcer
        self.clock = clock
        self.fleet = fleet
        self.makeLoop = makeLoop
    }

    /// What became of a policy the last time its loop looked.
    public struct Status: Sendable {
        public var policy: Policy
        public var due: Timestamp
        public var last: PolicyLoop.Report?
    }

    public var status: [Status] {
        entries.values.sorted { $0.policy.name < $1.policy.name }.map { Status(policy: $0.policy, due: $0.due, last: $0.last) }
    }

    // MARK: Policies

    /// Takes these policies as the ones there are. A changed policy begins with its new text at its next tick; one that is gone is held until its
    /// open adjustment is closed, under the text it was decided with.
    /// - Returns: A sentence for each policy that cannot be run.
    public func use(_ policies: [Policy]) -> [String] {
        var problems: [String] = []
        for policy in policies {
            if entries[policy.name]?.policy == policy { continue }
            do {
                let loop = try makeLoop(policy)
                entries[policy.name] = Entry(policy: policy, loop: loop, due: firstDue(policy), isOrphan: false)
            } catch {
                problems.append("policy '\(policy.name)' cannot be run: \(error)")
            }
        }
        let names = Set(policies.map(\.name))
        for (name, entry) in entries where !names.contains(name) && !entry.isOrphan { entries[name] = nil }
        return problems + adoptOrphans()
    }

    /// Loops for open adjustments whose policy is gone, or has another target now: they are finished under the text they were decided with.
    private func adoptOrphans() -> [String] {
        guard let open = try? journal.openAdjustments() else { return [] }  // Each loop says for itself that the journal fails.
        var problems: [String] = []
        for one in open {
            let name = one.adjustment.policy
            let key = "\(name) on \(one.adjustment.target)"
            guard entries[name]?.loop.target != one.adjustment.target, entries[key] == nil, var policy = one.policy else { continue }
            // It is finished and nothing new is begun.
            policy.suspend = true
            do {
                entries[key] = Entry(policy: policy, loop: try makeLoop(policy), due: firstDue(policy), isOrphan: true)
            } catch {
                problems.append("the open adjustment \(one.adjustment.id.shortText) of '\(name)' cannot be finished: \(error)")
            }
        }
        dropFinishedOrphans()
        for name in fleetNames.subtracting(entries.values.map(\.policy.name)) { fleet.forget(name) }
        fleetNames = Set(entries.values.map(\.policy.name))
        return problems
    }

    private func dropFinishedOrphans() {
        guard let open = try? journal.openAdjustments() else { return }
        let targets = Set(open.map(\.adjustment.target))
        for (key, entry) in entries where entry.isOrphan && !targets.contains(entry.loop.target) { entries[key] = nil }
    }

    /// Spread over the first interval by name, so that a hundred policies do not all ask at once.
    private func firstDue(_ policy: Policy) -> Timestamp {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a, the same in every process.
        for byte in policy.name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let share = Double(hash >> 11) * 0x1p-53
        return clock.steady.advanced(by: .seconds(fractional: policy.monitor.interval.inSeconds * share))
    }

    // MARK: Time

    /// When the next loop is due; `nil` without policies.
    public var nextDue: Timestamp? { entries.values.map(\.due).min() }

    /// Starts every loop that is due and not yet at work, and answers what operators asked. Waits for no loop: a target that does not answer
    /// holds up its own policy only.
    public func startDue() {
        guard !isClosed else { return }
        answerRequests()
        let now = clock.steady
        let due = entries.filter { $0.value.due <= now && running[$0.key] == nil }.sorted { $0.value.due < $1.value.due }
        for (key, entry) in due where running.count < Self.mostAtOnce {
            // Loops of one target take turns: a policy that was removed or changed may still be at work on it.
            guard !busyTargets.values.contains(entry.loop.target) else { continue }
            // A tick that took long, or a process that slept, is not made up for.
            let next = entry.due.advanced(by: entry.policy.monitor.interval)
            entries[key]?.due = next > now ? next : now.advanced(by: entry.policy.monitor.interval)
            let loop = entry.loop
            busyTargets[key] = loop.target
            running[key] = Task { self.finish(key, await loop.tick(), of: loop) }
        }
    }

    private func finish(_ key: String, _ report: PolicyLoop.Report, of loop: PolicyLoop) {
        running[key] = nil
        busyTargets[key] = nil
        guard entries[key]?.loop === loop else {
            // The policy was changed or removed meanwhile; its last tick may have begun an adjustment.
            guard !isClosed else { return }
            for problem in adoptOrphans() {
                announcer.announce(ControlEvent(.actingRefused, policy: loop.policy.name, time: clock.steady, message: problem))
            }
            return
        }
        entries[key]?.last = report
        if entries[key]?.isOrphan == true { dropFinishedOrphans() }
    }

    /// Begins nothing any more, and waits until whatever is at work has come to its end.
    public func close() async {
        isClosed = true
        for task in running.values { await task.value }
        for entry in entries.values { await entry.loop.close() }
    }

    // MARK: Operators

    /// Pauses and resumes, and says so where nothing can be done about a request.
    private func answerRequests() {
        guard let requests = try? journal.requests() else { return }  // Each loop says for itself that the journal fails.
        for request in requests {
            switch request.action {
            case .pause(let policy):
                answer(request, policy, .begins, "acting is paused: open adjustments are finished, nothing new is begun" + doubt(policy))
            case .resume(let policy): answer(request, policy, .ends, "acting is resumed" + doubt(policy))
            case .approve(let id), .reject(let id), .rollback(let id): refuseIfVain(request, id)
            }
        }
    }

    /// A name that nobody bears is taken, for a policy may come later, but it may be a slip.
    private func doubt(_ policy: String?) -> String {
        guard let policy, !entries.values.contains(where: { $0.policy.name == policy }) else { return "" }
        return "; no policy of that name runs here"
    }

    private func answer(_ request: OperatorRequest, _ policy: String?, _ pause: JournalEntry.Pause, _ message: String) {
        var entry = JournalEntry(policy: policy ?? Self.everyPolicy, time: clock.steady)
        entry.pause = pause
        entry.answered = [request.id]
        guard (try? journal.commit(entry)) != nil else { return }  // It stays and is answered when the journal can take it.
        announcer.announce(
            ControlEvent(pause == .begins ? .paused : .resumed, policy: policy ?? Self.everyPolicy, time: clock.steady, message: message))
    }

    /// A request for what is not there, or is over, would otherwise lie there for ever.
    private func refuseIfVain(_ request: OperatorRequest, _ id: UUID) {
        let found: Adjustment?
        do {
            found = try journal.adjustment(id)
        } catch {
            return  // It stays and is answered when the journal can be read.
        }
        if let found {
            if found.isOpen { return }
            if case .rollback = request.action, found.state == .kept, found.kind != .holdout { return }
        }
        let why = found?.state.rawValue ?? "unknown"
        var entry = JournalEntry(policy: found?.policy ?? Self.everyPolicy, time: clock.steady)
        entry.answered = [request.id]
        guard (try? journal.commit(entry)) != nil else { return }
        announcer.announce(
            ControlEvent(
                .actingRefused, policy: entry.policy, adjustment: id, time: clock.steady,
                message: "nothing can be done about a request for adjustment \(id.shortText): it is \(why)"))
    }
}
