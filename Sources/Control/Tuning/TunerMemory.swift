import FoundationEssentials
import Measurements
import Tuning
import Verification

/// What a tuner has learned, and from which adjustments: none is learned from twice, and none is forgotten by a controller that is killed
/// between the end of one and learning from it.
struct TunerMemory: Sendable, Codable, Hashable {
    var tuner: KnobTuner
    /// The end of each adjustment that was learned from, by its identifier.
    private var learned: [String: Timestamp] = [:]

    /// Older adjustments are neither learned from nor remembered.
    static let horizon = Duration.seconds(28 * 86_400)

    init(_ tuner: KnobTuner) { self.tuner = tuner }

    /// - Returns: Whether there was anything to learn.
    mutating func learn(_ finished: [Adjustment], at now: Timestamp) -> Bool {
        let oldest = now.advanced(by: .zero - Self.horizon)
        learned = learned.filter { $0.value >= oldest }
        let new = finished.filter { $0.endedAt >= oldest && learned[$0.id.uuidString] == nil }.sorted { $0.endedAt < $1.endedAt }
        for one in new {
            learned[one.id.uuidString] = one.endedAt
            guard let result = one.experimentResult else { continue }
            tuner.close(result, at: min(one.endedAt, now))
            let account = one.trial?.account(objective: one.tuning?.objective)
            if let account { tuner.count(requests: 0, excessMisses: account.excessMisses, at: min(one.endedAt, now)) }
        }
        return !new.isEmpty
    }

    /// Why a trial must end though nothing is proved, a sentence; `nil` where it may go on.
    func spending(of open: Adjustment, at now: Timestamp) -> String? {
        guard open.tuning != nil, let excess = open.trial?.course?.evidence.excessMisses, excess > 0 else { return nil }
        var tuner = tuner
        tuner.count(requests: 0, excessMisses: excess, at: now)
        let (spent, most) = (tuner.budget.spentShare(at: now), tuner.limits.explorationShare)
        return spent >= most ? TuningRefusal.budgetSpent(share: spent, of: most).explanation : nil
    }

    /// The same for the same policy and target in every process.
    static func seed(policy: String, target: String) -> UInt64 { StoredPlanner.checksum(of: Data("\(policy)\n\(target)".utf8)) }
}

extension Adjustment {
    /// When it first ended; what an operator took back later ended when it was kept. For one that is open, its newest step.
    var endedAt: Timestamp { (history.first { $0.state.isFinal } ?? history[history.count - 1]).time }
}
