import ArgumentParser
import Foundation
import Reporting

/// How a report is written.
struct ReportOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "For a terminal, as a document under the performance feedback schema, or as one self-contained page.", valueName: "format"))
    var format: Format = .text

    @OptionGroup var output: OutputOptions

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, html
    }

    func write(_ report: RecommendationReport) throws {
        switch format {
        case .text:
            let style = TextStyle(isColoured: output.output == "-" && Terminal.outputIsColoured, width: Terminal.columns)
            try output.write(report.text(style))
        case .json: try output.write(try report.json())
        case .html: try output.write(report.html)
        }
    }
}

extension Terminal {
    /// Width of the terminal as its shell tells; 110 where nobody does.
    static var columns: Int {
        let told = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
        return min(max(told ?? 110, 60), 200)
    }
}
