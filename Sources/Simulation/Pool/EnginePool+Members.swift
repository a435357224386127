public import EngineModels

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

    /// Replaces the engine of all replicas by another one, as a new version is rolled out; the settings must have no
    /// ``EngineSettings/problem(with:)`` with it, otherwise traps.
    public mutating func upgrade(to profile: EngineProfile) {
        if let problem = setup.settings.problem(with: profile) { preconditionFailure(problem) }
        guard profile != setup.profile else { return }
        advance(to: time)
        setup.profile = profile
        revision += 1
        reconcile()
    }

    /// Ends a replica as a crash does: what it had fails at its clients, and a new one starts cold. One that is not there is left alone.
    /// - Parameter number: As in ``ReplicaStatus/number``.
    public mutating func crash(_ number: Int) {
        advance(to: time)
        guard let index = members.firstIndex(where: { $0.replica.number == number }) else { return }
        if members[index].isStarting {
            removeStarting(index)
        } else {
            members[index].replica.failAll(at: now)
            members[index].phase = .draining(since: now)
            removeDrained()
        }
        reconcile()
    }

    // MARK: Towards what is wanted

    mutating func addMember(isCold: Bool, group: PoolTrial.Group? = nil) {
        var setup = setup
        setup.settings = settings(of: group)
        members.append(setup.member(nextNumber, revision: revision, askedFor: now, isCold: isCold, group: group))
        nextNumber += 1
    }

    /// Tells members with the engine and the settings that they are to have from older ones.
    var isCurrent: (PoolMember) -> Bool {
        let (revision, settings, canary) = (revision, settings, settings(of: .canary))
        return { $0.revision == revision && $0.replica.settings == ($0.group == .canary ? canary : settings) }
    }

    /// Starts and drains replicas until the next one has to be waited for: at most a quarter more than wanted, and no fewer ready than
    /// there are or are wanted. Groups of a trial are exchanged each by itself.
    mutating func reconcile() {
        let inGroups = trial?.perGroup ?? 0
        if trial != nil {
            for group in PoolTrial.Group.allCases { reconcile(group, wanted: inGroups) }
        }
        reconcile(nil, wanted: max(0, wanted - 2 * inGroups))
        nextReady = members.lazy.compactMap(\.readyAt).min() ?? .max
    }

    private mutating func reconcile(_ group: PoolTrial.Group?, wanted: Int) {
        let surge = (wanted + 3) / 4
        let isCurrent = isCurrent
        while true {
            let own = members.filter { $0.group == group && !$0.isDraining }
            let current = own.filter(isCurrent)
            let outdated = own.filter { !isCurrent($0) }
            if current.count > wanted {
                retire { $0.group == group && isCurrent($0) }
            } else if !outdated.isEmpty, current.count == wanted, current.allSatisfy(\.isReady) {
                retire { $0.group == group && !isCurrent($0) }
            } else if outdated.contains(where: \.isStarting) {
                retire { $0.group == group && !isCurrent($0) && $0.isStarting }
            } else if !outdated.isEmpty, own.count(where: \.isReady) > wanted {
                retire { $0.group == group && !isCurrent($0) }
            } else if current.count < wanted, own.count < wanted + (outdated.isEmpty ? 0 : surge) {
                addMember(isCold: true, group: group)
            } else {
                break
            }
        }
    }

    /// Lets one replica go: one that is still starting, or else the least loaded; of equals the youngest.
    private mutating func retire(_ isEligible: (PoolMember) -> Bool) {
        let eligible = members.indices.filter { !members[$0].isDraining && isEligible(members[$0]) }
        func standing(_ index: Int) -> (Int, Int, Int) {
            (members[index].isStarting ? 0 : 1, members[index].replica.load, -members[index].replica.number)
        }
        guard let index = eligible.min(by: { standing($0) < standing($1) }) else { return }
        if members[index].isStarting {
            removeStarting(index)
        } else {
            members[index].phase = .draining(since: now)
            removeDrained()
        }
    }

    private mutating func removeStarting(_ index: Int) { retiredTime += Int128(now - members.remove(at: index).askedFor) }

    /// Replicas that have finished what they had are off from the moment they had.
    mutating func removeDrained() {
        for index in members.indices.reversed() {
            guard case .draining(let since) = members[index].phase, members[index].replica.load == 0 else { continue }
            let member = members.remove(at: index)
            outcomes += member.replica.outcomes
            tokens += member.replica.tokens
            retired.add(member.replica.totals)
            retiredTime += Int128(max(since, member.replica.emptySince) - member.askedFor)
        }
    }
}

extension PoolMember {
    var readyAt: Int64? {
        if case .starting(let readyAt) = phase { return readyAt }
        return nil
    }
}
