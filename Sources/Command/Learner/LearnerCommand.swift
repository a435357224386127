import ArgumentParser

struct LearnerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learner", abstract: "Shows what was learned from changes and holdouts, and what other ways to decide would be worth.",
        discussion: """
              llm-auto-optimizer learner show
              llm-auto-optimizer learner evaluate --outcome tpot
            """,
        subcommands: [LearnerShowCommand.self, LearnerEvaluateCommand.self], defaultSubcommand: LearnerShowCommand.self)
}
