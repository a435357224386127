public import EngineModels
import Statistics

/// Two groups of a pool's replicas, of which one is to have other settings.
public struct PoolTrial: Sendable, Hashable {
    /// At least 1.
    public let perGroup: Int
    /// Of the canary; `nil` while it has those of the pool.
    public internal(set) var settings: EngineSettings?

    public enum Group: String, Sendable, Hashable, CaseIterable {
        case canary, control
    }
}

extension EnginePool {
    /// What the replicas of a group are to run with.
    func settings(of group: PoolTrial.Group?) -> EngineSettings { (group == .canary ? trial?.settings : nil) ?? settings }

    /// Draws two groups from the ready replicas with the settings in force; they go on as they are.
    /// - Parameter perGroup: At least 1.
    /// - Returns: Whether there were enough of them; nothing is changed otherwise, nor where there are groups already.
    public mutating func beginTrial(perGroup: Int) -> Bool {
        advance(to: time)
        let isCurrent = isCurrent
        var eligible = members.indices.filter { members[$0].isReady && isCurrent(members[$0]) }
        guard trial == nil, perGroup >= 1, eligible.count >= 2 * perGroup else { return false }
        let place = UInt64(nextNumber + 1) &+ UInt64(trialsBegun) << 32
        trialsBegun += 1
        var draws = SplitMix64(seed: setup.seed ^ place &* 0xA076_1D64_78BD_642F)
        for group in PoolTrial.Group.allCases {
            for _ in 0..<perGroup {
                members[eligible.remove(at: Int(draws.next() % UInt64(eligible.count)))].group = group
            }
        }
        trial = PoolTrial(perGroup: perGroup)
        return true
    }

    /// Gives the canary other settings, which have no ``EngineSettings/problem(with:)``; otherwise traps. Ignored without a trial.
    public mutating func changeCanary(to settings: EngineSettings) {
        if let problem = settings.problem(with: setup.profile) { preconditionFailure(problem) }
        advance(to: time)
        trial?.settings = settings
        reconcile()
    }

    /// Ends the trial: all replicas are to run with the settings of the pool.
    public mutating func endTrial() {
        guard trial != nil else { return }
        advance(to: time)
        trial = nil
        for index in members.indices { members[index].group = nil }
        reconcile()
    }

    /// The replicas that are to stay, with the group each belongs to, in order of number.
    public var trialMembers: [(number: Int, group: PoolTrial.Group?, isReady: Bool, isCurrent: Bool)] {
        let isCurrent = isCurrent
        return members.filter { !$0.isDraining }
            .map { ($0.replica.number, $0.group, $0.isReady, isCurrent($0)) }.sorted { $0.0 < $1.0 }
    }
}
