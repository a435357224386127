import ArgumentParser
import Control
import EpisodeStore

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Decides again from the stored inputs of a decision; it must come out identical.",
        discussion: """
            Exit code 1 where it differs, with the first difference.

              llm-auto-optimizer replay 3f2a9c1e
            """)

    @Argument(help: ArgumentHelp("Identifier of a decision or a recommendation, or its first 4 or more characters.", valueName: "id"))
    var id: String

    @OptionGroup var storing: StoreOptions

    func run() throws {
        let store = try storing.openForReading()
        let cycle = try storing.guarded { try store.cycle(matching: id).cycle }
        switch try replay(cycle.record) {
        case .identical:
            Terminal.standardOutput("\(cycle.record.id.short): identical; \(cycle.record.decision.outcome.words)\n")
        case .differs(let pointer, let stored, let derived):
            Terminal.standardOutput(
                """
                \(cycle.record.id.short): differs at \(pointer.isEmpty ? "/" : pointer)
                  stored by version \(cycle.record.toolVersion): \(stored ?? "nothing")
                  derived by version \(LLMAutoOptimizer.version): \(derived ?? "nothing")

                """)
            throw ExitStatus.negative
        }
    }
}
