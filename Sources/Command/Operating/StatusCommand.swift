import ArgumentParser
import Control
import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies
import Verification

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Tells what is under way, what is paused, and how the last changes ended.",
        discussion: """
            Exit code 1 where something needs a person: a rollback that was refused, or an approval that is waited for.

              llm-auto-optimizer status
            """)

    @Option(help: ArgumentHelp("Only this policy.", valueName: "name"))
    var policyName: String?

    @Option(help: ArgumentHelp("At most so many finished changes, 0 to 10000.", valueName: "count"))
    var limit = 5

    @Option(help: ArgumentHelp("For a terminal, or as JSON.", valueName: "format"))
    var format: HistoryCommand.Format = .text

    @OptionGroup var output: OutputOptions
    @OptionGroup var storing: StoreOptions

    func validate() throws {
        guard (0...10_000).contains(limit) else { throw ValidationError("--limit \(limit): expected 0 to 10000") }
    }

    func run() throws {
        let store = try storing.openForReading()
        let report = try storing.guarded { try StatusReport(store, policy: policyName, limit: limit) }
        switch format {
        case .text: try output.write(report.text)
        case .json: try output.write(try report.json())
        }
        if report.needsAttention { throw ExitStatus.negative }
    }
}

/// What the store tells of the controller's work.
struct StatusReport {
    private let open: [Adjustment]
    private let finished: [Adjustment]
    private let pauses: [String: Timestamp]
    private let waiting: Int

    init(_ store: EpisodeStore, policy: String?, limit: Int) throws {
        let isMeant = { (adjustment: Adjustment) in policy.map { $0 == adjustment.policy } ?? true }
        open = try store.openAdjustments().map(\.adjustment).filter(isMeant)
        finished = Array(try store.adjustments(policy: policy, limit: limit + open.count).filter { !$0.isOpen }.prefix(limit))
        pauses = try store.pauses().filter { policy == nil || $0.key == policy || $0.key == "*" }
        waiting = try store.requests().count
    }

    var needsAttention: Bool { open.contains { $0.state == .rollbackFailed || $0.state == .awaitingApproval } }

    var text: String {
        var lines: [String] = []
        for (policy, since) in pauses.sorted(by: { $0.key < $1.key }) {
            lines.append("paused since \(since): \(policy == "*" ? "every policy" : policy)")
        }
        if waiting > 0 { lines.append("\(waiting) requests wait for a controller; run or cycle answers them") }
        lines.append(open.isEmpty ? "nothing is under way" : "under way:")
        lines += open.map { "  \($0.id.shortText)  \($0.changeText)  \($0.state.words): \($0.progress)" }
        if !finished.isEmpty { lines.append("finished, the newest first:") }
        lines += finished.map { "  \($0.id.shortText)  \($0.history.last!.time)  \($0.changeText)  \($0.state.words): \($0.reason)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Document: Encodable {
        let open: [Entry]
        let finished: [Entry]
        let paused: [String: Timestamp]
        let waitingRequests: Int
    }

    private struct Entry: Encodable {
        let id: String
        let policy: String
        let target: String
        let kind: Adjustment.Kind
        let knob: String
        let from: KnobValue
        let to: KnobValue
        let state: AdjustmentState
        let verdict: Verdict?
        let history: [Adjustment.Transition]
        let problem: String?

        init(_ adjustment: Adjustment) {
            id = adjustment.id.uuidString.lowercased()
            policy = adjustment.policy
            target = adjustment.target
            kind = adjustment.kind
            knob = adjustment.knob.name
            from = adjustment.candidate.from
            to = adjustment.candidate.to
            state = adjustment.state
            verdict = adjustment.verdict
            history = adjustment.history
            problem = adjustment.isOpen ? adjustment.lastProblem : nil
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let document = Document(open: open.map(Entry.init), finished: finished.map(Entry.init), paused: pauses, waitingRequests: waiting)
        return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    }
}

extension Adjustment {
    /// How far it has got, in a sentence.
    fileprivate var progress: String {
        let told =
            switch state {
            case .awaitingApproval: "approve \(id.shortText), or reject it"
            case .settling where trial == nil: "\(FigureText.duration(settled)) of \(FigureText.duration(terms.settle)) settled"
            case .comparing, .observing: finding?.explanation ?? "nothing was compared yet"
            default: reason
            }
        return lastProblem.map { "\(told); \($0)" } ?? told
    }
}
