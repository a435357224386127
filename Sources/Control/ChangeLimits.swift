import Learning
import Measurements
import Policies

/// Whether budgets leave room for a change.
struct ChangeLimits {
    let budgets: Policy.Budgets
    let changes: [PastChange]
    let now: Timestamp
    /// Replicas in force; a change of an engine setting restarts all of them.
    let replicas: Int?

    /// The budget a candidate would overdraw, in a sentence; `nil` where there is room.
    func exhausted(by candidate: Candidate) -> String? {
        adjustments() ?? reversals(candidate) ?? podRestarts(candidate)
    }

    private func adjustments() -> String? {
        guard let budget = budgets.adjustments else { return nil }
        let count = recent(budget.window).count
        return count >= budget.count ? sentence("adjustments", count, budget) : nil
    }

    private func reversals(_ candidate: Candidate) -> String? {
        guard let budget = budgets.reversals else { return nil }
        let onKnob = recent(budget.window).filter { $0.knob == candidate.knob }
        let count = reversalCount(onKnob.map(\.direction))
        let would = onKnob.last.map { $0.direction * candidate.step < 0 } ?? false
        return would && count + 1 > budget.count ? sentence("reversals of \(candidate.knob)", count, budget) : nil
    }

    private func podRestarts(_ candidate: Candidate) -> String? {
        guard let budget = budgets.podRestarts, candidate.role != .replicas else { return nil }
        let each = replicas ?? 1
        let count = recent(budget.window).filter { $0.role != .replicas }.count * each
        return count + each > budget.count ? sentence("pod restarts, and this change restarts \(each) more", count, budget) : nil
    }

    private func recent(_ window: Duration) -> [PastChange] {
        let start = now.advanced(by: .zero - window)
        return changes.filter { $0.time > start }
    }

    private func reversalCount(_ directions: [Int]) -> Int {
        zip(directions, directions.dropFirst()).count { $0 * $1 < 0 }
    }

    private func sentence(_ what: String, _ count: Int, _ budget: Policy.EventBudget) -> String {
        "the budget is spent: \(count) of \(budget.count) \(what) within \(FigureText.duration(budget.window))"
    }
}

extension PastChange {
    /// +1 towards larger, −1 towards smaller, 0 where values have no order.
    var direction: Int {
        guard let from = from.numeric, let to = to.numeric else { return 0 }
        return to > from ? 1 : to < from ? -1 : 0
    }
}
