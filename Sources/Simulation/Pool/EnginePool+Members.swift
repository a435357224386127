extension EnginePool {
    /// Asks for a number of replicas, `0...1024`; otherwise traps.
    ///
    /// New ones start cold. Of too many, those that are still starting go first, then the least loaded, which finish what they have.
    public mutating func scale(to replicas: Int) {
        precondition((0...PoolSetup.maximumReplicas).contains(replicas), "a pool of \(replicas) replicas")
        advance(to: time)
        wanted = replicas
        reconcile()
    }

    /// Gives all replicas new settings, which have no ``EngineSettings/problem(with:)``; otherwise traps.
    public mutating func apply(_ settings: EngineSettings, rollout: SettingsRollout) {
        if let problem = settings.problem(with: setup.profile) { preconditionFailure(problem) }
        guard settings != setup.settings else { return }
        advance(to: time)
        let before = setup.settings
        var likeBefore = before
        likeBefore.maxNumSeqs = settings.maxNumSeqs
        likeBefore.maxNumBatchedTokens = settings.maxNumBatchedTokens
        setup.settings = settings
        if rollout == .live, likeBefore == settings {
            for index in members.indices where members[index].replica.settings == before {
                members[index].replica.limit(sequences: settings.maxNumSeqs, batchedTokens: settings.maxNumBatchedTokens)
            }
        }
        reconcile()
    }

    /// What the pool is and does at ``time``.
    public var status: PoolStatus {
        var status = PoolStatus(
            wanted: wanted, ready: 0, starting: 0, draining: 0, outdated: 0, running: 0, waiting: gatewayCount, cacheUsage: 0,
            overLimit: 0, submitted: submitted, completed: retired.completed, refused: refused,
            cancelled: gatewayCancelled + retired.cancelled, promptTokens: retired.promptTokens, generatedTokens: retired.generatedTokens,
            preemptions: retired.preemptions,
            replicaSeconds: 0, busySeconds: 0)
        var (reserved, capacity, busy, alive) = (Int64(0), Int64(0), retired.busy, retiredTime)
        for member in members {
            switch member.phase {
            case .starting: status.starting += 1
            case .ready: status.ready += 1
            case .draining: status.draining += 1
            }
            if !member.isDraining, member.replica.settings != settings { status.outdated += 1 }
            status.running += member.replica.running
            status.waiting += member.replica.waiting.count
            status.overLimit += max(0, member.replica.running - settings.maxNumSeqs)
            status.completed += member.replica.totals.completed
            status.cancelled += member.replica.totals.cancelled
            status.promptTokens += member.replica.totals.promptTokens
            status.generatedTokens += member.replica.totals.generatedTokens
            status.preemptions += member.replica.totals.preemptions
            busy += member.replica.totals.busy
            alive += now - member.askedFor
            guard !member.isStarting else { continue }
            reserved += member.replica.reservedTokens
            capacity += member.replica.cacheCapacity
        }
        status.cacheUsage = capacity > 0 ? Double(reserved) / Double(capacity) : 0
        status.busySeconds = Double(busy) / 1e12
        status.replicaSeconds = Double(alive) / 1e12
        return status
    }

    // MARK: Towards what is wanted

    mutating func addMember(isCold: Bool) {
        members.append(setup.member(nextNumber, askedFor: now, isCold: isCold))
        nextNumber += 1
    }

    /// Starts and drains replicas until the next one has to be waited for: at most a quarter more than wanted, and no fewer ready than
    /// there are or are wanted.
    mutating func reconcile() {
        let surge = (wanted + 3) / 4
        let settings = settings
        while true {
            let current = members.filter { $0.replica.settings == settings && !$0.isDraining }
            let outdated = members.filter { $0.replica.settings != settings && !$0.isDraining }
            if current.count > wanted {
                retire { $0.replica.settings == settings }
            } else if !outdated.isEmpty, current.count == wanted, current.allSatisfy(\.isReady) {
                retire { $0.replica.settings != settings }
            } else if outdated.contains(where: \.isStarting) {
                retire { $0.replica.settings != settings && $0.isStarting }
            } else if !outdated.isEmpty, (current + outdated).count(where: \.isReady) > wanted {
                retire { $0.replica.settings != settings }
            } else if current.count < wanted, current.count + outdated.count < wanted + (outdated.isEmpty ? 0 : surge) {
                addMember(isCold: true)
            } else {
                break
            }
        }
        nextReady = members.lazy.compactMap(\.readyAt).min() ?? .max
    }

    /// Lets one replica go: one that is still starting, or else the least loaded; of equals the youngest.
    private mutating func retire(where isEligible: (PoolMember) -> Bool) {
        let eligible = members.indices.filter { !members[$0].isDraining && isEligible(members[$0]) }
        func standing(_ index: Int) -> (Int, Int, Int) {
            (members[index].isStarting ? 0 : 1, members[index].replica.load, -members[index].replica.number)
        }
        guard let index = eligible.min(by: { standing($0) < standing($1) }) else { return }
        if members[index].isStarting {
            retiredTime += now - members[index].askedFor
            members.remove(at: index)
        } else {
            members[index].phase = .draining(since: now)
            removeDrained()
        }
    }

    /// Replicas that have finished what they had are off from the moment they had.
    mutating func removeDrained() {
        for index in members.indices.reversed() {
            guard case .draining(let since) = members[index].phase, members[index].replica.load == 0 else { continue }
            let member = members.remove(at: index)
            outcomes += member.replica.outcomes
            tokens += member.replica.tokens
            retired.completed += member.replica.totals.completed
            retired.cancelled += member.replica.totals.cancelled
            retired.promptTokens += member.replica.totals.promptTokens
            retired.generatedTokens += member.replica.totals.generatedTokens
            retired.preemptions += member.replica.totals.preemptions
            retired.busy += member.replica.totals.busy
            retiredTime += max(since, member.replica.emptySince) - member.askedFor
        }
    }
}

extension PoolMember {
    var readyAt: Int64? {
        if case .starting(let readyAt) = phase { return readyAt }
        return nil
    }
}
