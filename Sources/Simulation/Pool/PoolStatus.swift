import EngineModels

/// What a pool is and does at a moment.
public struct PoolStatus: Sendable, Codable, Hashable {
    /// Replicas asked for.
    public var wanted: Int
    /// Serving; those that only finish their requests are not counted.
    public var ready: Int
    public var starting: Int
    public var draining: Int
    /// Replicas that serve with older settings.
    public var outdated: Int
    public var running: Int
    /// In front of replicas, and in front of the pool while none is ready.
    public var waiting: Int
    /// Share of all caches that is taken, `0...1`.
    public var cacheUsage: Double
    /// Requests running on replicas that hold more than the settings in force let them.
    public var overLimit: Int
    /// Requests that came, and how many of them ended how.
    public var submitted: Int
    public var completed: Int
    public var refused: Int
    public var cancelled: Int
    /// Lost with a replica that crashed.
    public var failed: Int
    /// Tokens of prompts that were read, again after a preemption; those found in the cache are not among them.
    public var promptTokens: Int64
    public var generatedTokens: Int64
    public var preemptions: Int64
    /// Time of replicas since the beginning, from being asked for to being off.
    public var replicaSeconds: Double
    /// The part of it in which they worked.
    public var busySeconds: Double
    /// Iterations of all engines.
    public var iterations: Int64
    /// In how many steps they were simulated: many alike are taken in one.
    public var steps: Int64

    public var isSettled: Bool { ready == wanted && starting == 0 && outdated == 0 }
}

/// What one replica is and does at a moment.
public struct ReplicaStatus: Sendable, Codable, Hashable {
    /// From 0, in the order of being asked for; never used again.
    public var number: Int
    public var isReady: Bool
    /// Takes nothing new.
    public var isDraining: Bool
    /// Serves with older settings or an older engine.
    public var isOutdated: Bool
    public var running: Int
    public var waiting: Int
    /// Tokens that those who wait are to be read.
    public var waitingTokens: Int
    /// Tokens in the cache, prompts under way counted whole.
    public var cachedTokens: Int
    public var cacheCapacity: Int
    public var maxNumSeqs: Int

    /// `0...1`.
    public var cacheUsage: Double { cacheCapacity > 0 ? Double(cachedTokens) / Double(cacheCapacity) : 0 }
}

extension EnginePool {
    /// Each replica at ``time``, in order of number.
    public var replicaStatuses: [ReplicaStatus] {
        members.map { member in
            ReplicaStatus(
                number: member.replica.number, isReady: member.isReady, isDraining: member.isDraining, isOutdated: !isCurrent(member),
                running: member.isStarting ? 0 : member.replica.running, waiting: member.isStarting ? 0 : member.replica.waiting.count,
                waitingTokens: Int(member.replica.waitingTokens), cachedTokens: Int(member.replica.reservedTokens),
                cacheCapacity: Int(member.replica.cacheCapacity), maxNumSeqs: member.replica.settings.maxNumSeqs)
        }.sorted { $0.number < $1.number }
    }

    /// What the pool is and does at ``time``.
    public var status: PoolStatus {
        var status = PoolStatus(wanted: wanted, waiting: gatewayCount, submitted: submitted)
        var totals = retired
        let isCurrent = isCurrent
        var (reserved, capacity, alive) = (Int64(0), Int64(0), retiredTime)
        for member in members {
            switch member.phase {
            case .starting: status.starting += 1
            case .ready: status.ready += 1
            case .draining: status.draining += 1
            }
            if !member.isDraining, !isCurrent(member) { status.outdated += 1 }
            status.running += member.replica.running
            status.waiting += member.replica.waiting.count
            status.overLimit += max(0, member.replica.running - settings.maxNumSeqs)
            totals.add(member.replica.totals)
            alive += Int128(now - member.askedFor)
            guard !member.isStarting else { continue }
            reserved += member.replica.reservedTokens
            capacity += member.replica.cacheCapacity
        }
        status.cacheUsage = capacity > 0 ? Double(reserved) / Double(capacity) : 0
        status.replicaSeconds = Double(alive) / 1e12
        status.count(totals)
        status.refused = refused
        status.cancelled += cancelledAtGateway
        return status
    }
}

extension PoolStatus {
    fileprivate init(wanted: Int, waiting: Int, submitted: Int) {
        self.init(
            wanted: wanted, ready: 0, starting: 0, draining: 0, outdated: 0, running: 0, waiting: waiting, cacheUsage: 0, overLimit: 0,
            submitted: submitted, completed: 0, refused: 0, cancelled: 0, failed: 0, promptTokens: 0, generatedTokens: 0, preemptions: 0,
            replicaSeconds: 0, busySeconds: 0, iterations: 0, steps: 0)
    }

    fileprivate mutating func count(_ totals: ReplicaTotals) {
        completed = totals.completed
        cancelled = totals.cancelled
        failed = totals.failed
        promptTokens = totals.promptTokens
        generatedTokens = totals.generatedTokens
        preemptions = totals.preemptions
        iterations = totals.iterations
        steps = totals.steps
        busySeconds = Double(totals.busy) / 1e12
    }
}
