import ArgumentParser
import Control
import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies

struct ApproveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Lets a change that waits for approval be made.",
        discussion: """
            The controller that holds the store makes it at its next look; without one, the next cycle does.

              llm-auto-optimizer approve 3f2a9c1e
            """)

    @OptionGroup var asking: AdjustmentRequestOptions

    func run() throws { try asking.leave("approved", expecting: [.awaitingApproval]) { .approve(adjustment: $0) } }
}

struct RejectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Says no to a change that waits for approval.",
        discussion: """
              llm-auto-optimizer reject 3f2a9c1e
            """)

    @OptionGroup var asking: AdjustmentRequestOptions

    func run() throws { try asking.leave("rejected", expecting: [.awaitingApproval]) { .reject(adjustment: $0) } }
}

struct RollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Takes a change back, also one that was kept.",
        discussion: """
            What somebody else changed since is left as it is. The controller that holds the store does it at its next look; without one, the
            next cycle does.

              llm-auto-optimizer rollback 3f2a9c1e
            """)

    @OptionGroup var asking: AdjustmentRequestOptions

    func run() throws {
        try asking.leave(
            "asked to be rolled back",
            expecting: [
                .comparing, .applying, .settling, .observing, .promoting, .probation, .kept, .rollingBack, .rollbackFailed,
            ]
        ) {
            .rollback(adjustment: $0)
        }
    }
}

/// An adjustment somebody asks something of.
struct AdjustmentRequestOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Identifier of an adjustment, or its first 4 or more characters; status lists them.", valueName: "id"))
    var id: String

    @OptionGroup var storing: StoreOptions

    /// Leaves the request for the controller.
    /// - Parameter states: In which the adjustment can still be asked.
    func leave(
        _ done: String, expecting states: Set<AdjustmentState>, _ action: (UUID) -> OperatorRequest.Action
    ) throws {
        let store = try storing.openForReading()
        let adjustment = try storing.guarded { try store.oneAdjustment(matching: id) }
        guard states.contains(adjustment.state) else {
            throw CommandFailure(
                "adjustment \(adjustment.id.shortText) is \(adjustment.state.words), since \(adjustment.history.last!.time): \(adjustment.reason)"
            )
        }
        let request = OperatorRequest(id: UUID(), time: .now, action: action(adjustment.id))
        try storing.guarded { try RequestInbox(storePath: storing.path).leave(request) }
        Terminal.standardOutput("\(adjustment.id.shortText) \(adjustment.changeText): \(done)\n")
    }
}

struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Begins nothing new; what is open is finished, and rolled back where it harms.",
        discussion: """
              llm-auto-optimizer pause
              llm-auto-optimizer pause --policy-name chat-8b
            """)

    @OptionGroup var asking: PauseOptions

    func run() throws { try asking.leave("pausing") { .pause(policy: $0) } }
}

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Ends a pause, and lets a policy act again whose changes were rolled back too often.",
        discussion: """
              llm-auto-optimizer resume --policy-name chat-8b
            """)

    @OptionGroup var asking: PauseOptions

    func run() throws { try asking.leave("resuming") { .resume(policy: $0) } }
}

struct PauseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only this policy; every one unless told.", valueName: "name"))
    var policyName: String?

    @OptionGroup var storing: StoreOptions

    func leave(_ doing: String, _ action: (String?) -> OperatorRequest.Action) throws {
        _ = try storing.openForReading()  // A store nobody ever used has no controller to ask.
        let request = OperatorRequest(id: UUID(), time: .now, action: action(policyName))
        try storing.guarded { try RequestInbox(storePath: storing.path).leave(request) }
        Terminal.standardOutput("\(doing) \(policyName.map { "policy \($0)" } ?? "every policy")\n")
    }
}

extension EpisodeStore {
    /// The adjustment whose identifier begins so.
    func oneAdjustment(matching prefix: String) throws -> Adjustment {
        guard prefix.count >= 4 else { throw CommandFailure("'\(prefix)': give at least 4 characters of an adjustment's identifier") }
        let found = try adjustments(matching: prefix)
        guard let first = found.first else { throw CommandFailure("no adjustment begins with '\(prefix)'; status and history list them") }
        guard found.count == 1 else {
            throw CommandFailure("several adjustments begin with '\(prefix)': \(found.map(\.id.shortText).joined(separator: ", "))")
        }
        return first
    }
}

extension Adjustment {
    /// E.g. `chat-8b: slots 1 → 4`.
    var changeText: String {
        kind == .holdout
            ? "\(policy): nothing, on purpose (\(knob.name) stays \(candidate.from))"
            : "\(policy): \(knob.name) \(candidate.from) → \(candidate.to)"
    }
}

extension AdjustmentState {
    /// As people say it.
    var words: String {
        switch self {
        case .awaitingApproval: "waiting for approval"
        case .rollingBack: "being rolled back"
        case .rollbackFailed: "not yet rolled back"
        case .rolledBack: "rolled back"
        case .probation: "on probation"
        case .proposed, .comparing, .applying, .settling, .observing, .promoting, .kept, .superseded, .failed, .rejected: rawValue
        }
    }
}
