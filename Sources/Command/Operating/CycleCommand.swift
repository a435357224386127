import ArgumentParser
import Control
import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies

struct CycleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cycle",
        abstract: "Goes through one whole cycle: gather, decide, act, settle, observe, and keep or roll back.",
        discussion: """
            It watches until enough was measured to judge a change, makes at most one, and stays until that one is kept or undone. A change
            that an earlier run left open is finished instead. Exit code 1 where a change was rolled back or could not be made.

              llm-auto-optimizer cycle --policy policies/vllm-chat-latency.yaml
              llm-auto-optimizer cycle --policy policies/vllm-chat-latency.yaml --force maxNumSeqs=64
            """)

    @Option(help: ArgumentHelp("The policy file.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
    var policy: String

    @Option(help: ArgumentHelp("Which policy, where the file holds several.", valueName: "name"))
    var policyName: String?

    @Option(help: ArgumentHelp("Makes this change, whatever would be decided, and verifies it like any other.", valueName: "KNOB=VALUE"))
    var force: String?

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var logging: LogOptions
    @OptionGroup var storing: StoreOptions

    func run() async throws {
        let policy = try PolicyReading.policy(file: policy, name: policyName)
        let forced = try force.map { try ForcedText.change($0, of: policy) }
        let store = try storing.open()
        let clock = SystemClock()
        let assembly = try LoopAssembly(
            store: store, clock: clock, announcer: logging.log, leadership: SoleLeader(), origin: .cycle,
            cluster: ClusterConnection(cluster))
        let end: CycleCourse.End
        do {
            let loop = try assembly.loop(policy)
            do {
                end = try await CycleCourse(policy: policy, forced: forced).run(loop, clock: clock)
            } catch {
                await loop.close()
                throw error
            }
            await loop.close()
        } catch {
            await assembly.shutdown()
            throw error
        }
        await assembly.shutdown()
        Terminal.standardOutput(end.text)
        if end.status != .done { throw end.status }
    }
}

/// A setting given by hand.
enum ForcedText {
    static func change(_ text: String, of policy: Policy) throws -> PolicyLoop.ForcedChange {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let known = policy.knobs.map(\.name).joined(separator: ", ")
        guard parts.count == 2, !parts[1].isEmpty else {
            throw CommandFailure("--force '\(text)': expected KNOB=VALUE, e.g. \(policy.knobs.first?.name ?? "replicas")=2")
        }
        guard let knob = policy.knobs.first(where: { $0.name == parts[0] }) else {
            throw CommandFailure("--force '\(text)': policy '\(policy.name)' has no knob '\(parts[0])'; it has: \(known)")
        }
        let value = KnobValue(plain: parts[1])
        guard knob.domain.allows(value) else {
            throw CommandFailure("--force '\(text)': \(parts[0]) may be \(knob.domain.text)")
        }
        guard policy.target != .none else { throw CommandFailure("--force: policy '\(policy.name)' has no target to change") }
        return PolicyLoop.ForcedChange(knob: knob.name, value: value)
    }
}

extension Knob.Domain {
    fileprivate func allows(_ value: KnobValue) -> Bool {
        switch self {
        case .range(let minimum, let maximum, _): value.wholeNumber.map { (minimum...maximum).contains($0) } ?? false
        case .values(let values): values.contains { $0.isSame(as: value) }
        }
    }

    fileprivate var text: String {
        switch self {
        case .range(let minimum, let maximum, _): "a whole number from \(minimum) through \(maximum)"
        case .values(let values): "one of \(values.map(\.description).joined(separator: ", "))"
        }
    }
}
