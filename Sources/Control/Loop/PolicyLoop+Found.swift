import FoundationEssentials
import Learning
import Measurements
import Policies
import Verification

extension PolicyLoop {
    /// What the target bears of an adjustment that is not open in the store.
    enum Found {
        case nothing
        /// Finished, but its mark is still on the target.
        case leftover(UUID)
        /// Unknown here: another controller's store held it, or a lost one.
        case unknown(Adjustment)
    }

    func found(_ look: Look) throws(JournalFailure) -> Found {
        guard let observation = look.observation, let mark = observation.mark, mark.policy == policy.name, policy.mode != .recommend,
            ports.leadership.term() != nil
        else { return .nothing }
        if let known = try adjustment(mark.adjustment) { return known.isOpen ? .nothing : .leftover(known.id) }
        guard let knob = policy.knobs.first(where: { $0.name == mark.knob }) else { return .nothing }
        let step = (mark.to.numeric ?? 0) >= (mark.from.numeric ?? 0) ? 1 : -1
        let candidate = Candidate(knob: mark.knob, role: knob.role, from: mark.from, to: mark.to, step: step)
        return .unknown(
            Adjustment(
                id: mark.adjustment, policy: policy.name, target: target, identity: observation.identity, candidate: candidate, knob: knob,
                kind: .adopted, cycle: nil, triggers: [],
                terms: Adjustment.Terms(policy, verification: VerificationPlan(policy)), before: [],
                proposedAt: look.now, reason: "the target bears it, but this store does not know it"))
    }

    /// The kept adjustment that an operator wants taken back; `nil` where none does.
    func keptToTakeBack() throws(JournalFailure) -> Adjustment? {
        guard ports.leadership.term() != nil else { return nil }
        for request in try operatorRequests() {
            guard case .rollback(let id) = request.action, let found = try adjustment(id), found.target == target,
                found.policy == policy.name, found.state == .kept, found.kind != .holdout
            else { continue }
            return found
        }
        return nil
    }

    func operatorRequests() throws(JournalFailure) -> [OperatorRequest] {
        do {
            return try ports.journal.requests()
        } catch {
            throw JournalFailure(error)
        }
    }

    private func adjustment(_ id: UUID) throws(JournalFailure) -> Adjustment? {
        do {
            return try ports.journal.adjustment(id)
        } catch {
            throw JournalFailure(error)
        }
    }
}
