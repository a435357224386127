import ArgumentParser
import Control
import EpisodeStore
import Reporting

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Shows the report of a stored decision again, with everything it rests on.",
        discussion: """
              llm-auto-optimizer explain 3f2a9c1e --format html --output report.html
            """)

    @Argument(help: ArgumentHelp("Identifier of a decision or a recommendation, or its first 4 or more characters.", valueName: "id"))
    var id: String

    @OptionGroup var reporting: ReportOptions
    @OptionGroup var storing: StoreOptions

    func run() throws {
        let store = try storing.openForReading()
        let cycle = try storing.guarded { try store.cycle(matching: id).cycle }
        try reporting.write(RecommendationReport(cycle.record, recommendationIDs: cycle.recommendationIDs, isStored: true))
    }
}
