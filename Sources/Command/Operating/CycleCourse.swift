import Control
import Foundation
import Learning
import Measurements
import Policies
import Verification

/// One cycle from the first look to its end.
struct CycleCourse {
    let policy: Policy
    let forced: PolicyLoop.ForcedChange?

    /// How a cycle ended.
    struct End {
        var text: String
        var status: ExitStatus
    }

    /// Looks, waits an interval, looks again, until there is an end.
    func run(_ loop: PolicyLoop, clock: SystemClock) async throws -> End {
        let patience = self.patience
        var watched = Duration.zero
        var hasBaseline = false
        var begun: UUID?
        while true {
            let intent: PolicyLoop.Intent =
                begun != nil ? .watch : forced.map { hasBaseline ? .force($0) : .watch } ?? .decide
            let report = await loop.tick(intent)
            hasBaseline = report.hasBaseline
            for problem in report.problems { Terminal.standardError("\(problem)\n") }
            if let adjustment = report.adjustment { begun = adjustment.id }
            if let end = end(report, intent, begun: begun, watched: watched, patience: patience) { return end }
            try await pause(clock)
            watched += policy.monitor.interval
        }
    }

    /// Time in which every window is filled and a change could be judged, and half as much again.
    private var patience: Duration {
        let hold = policy.triggers.map(\.holdFor).max() ?? .zero
        let plan = VerificationPlan(policy)
        let baseline = policy.verify.settle + plan.blockLength * (plan.minimumBlocksBefore + plan.triggerBlocks + 2)
        return max(policy.longestWindow + hold, baseline, policy.monitor.interval * 12) * 3 / 2 + .seconds(30)
    }

    private func end(
        _ report: PolicyLoop.Report, _ intent: PolicyLoop.Intent, begun: UUID?, watched: Duration, patience: Duration
    ) -> End? {
        if let adjustment = report.adjustment, adjustment.id == begun {
            return adjustment.isOpen ? nil : End(adjustment)
        }
        guard begun == nil else { return nil }
        if case .force = intent, let problem = report.problems.first {
            return End(text: "nothing was changed: \(problem)\n", status: .negative)
        }
        let refusal = report.refusal.flatMap { $0.passes ? nil : $0 }
        if let refusal, forced != nil { return End(text: "nothing was changed: \(refusal.explanation)\n", status: .negative) }
        if let refusal, let best = report.decision?.recommendations.first {
            let change = "\(best.candidate.knob) \(best.candidate.from) → \(best.candidate.to)"
            return End(text: "recommended, not made, because \(refusal.explanation): \(change)\n", status: .done)
        }
        guard watched >= patience else { return nil }
        guard let decision = report.decision else { return End(text: "nothing could be decided\n", status: .unreachable) }
        let words = report.refusal?.explanation ?? decision.outcome.words
        return End(
            text: "nothing was changed: \(words)\n",
            status: decision.outcome == .unknown || report.refusal != nil || forced != nil ? .negative : .done)
    }

    /// Sleeps for an interval; a signal ends it, and the open adjustment is finished by the next run.
    private func pause(_ clock: SystemClock) async throws {
        let until = clock.steady.advanced(by: policy.monitor.interval)
        while clock.steady < until {
            if Interruption.isRequested {
                throw CommandFailure("interrupted; what is open is finished by the next run or cycle", status: .interrupted)
            }
            try await Task.sleep(for: min(.milliseconds(100), until.since(clock.steady).duration))
        }
    }
}

extension CycleCourse.End {
    fileprivate init(_ adjustment: Adjustment) {
        text = "\(adjustment.id.shortText) \(adjustment.changeText): \(adjustment.state.words): \(adjustment.reason)\n"
        status = adjustment.state == .kept ? .done : .negative
    }
}

extension ActingRefusal {
    /// Whether waiting may cure it within a cycle.
    fileprivate var passes: Bool {
        switch self {
        case .noBaseline, .rolloutNotSettled, .targetUnseen, .doubtedMeasurements: true
        case .modeIsRecommend, .suspended, .paused, .breakerOpen, .noTarget, .noCanary, .targetBusy, .notScheduled: false
        }
    }
}
