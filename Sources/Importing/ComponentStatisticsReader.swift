import Documents
import Measurements

/// A map from component to the statistics of its calls, in milliseconds and percent; a run for each component.
struct ComponentStatisticsReader {
    func read(_ document: DocumentValue, into session: ImportSession) throws {
        session.tool = "component statistics"
        let components = document.members.filter { $0.value["avg_duration_ms"] != nil }
        guard !components.isEmpty else {
            throw session.error(.wrongFormat, "expected a map from component to avg_duration_ms, …, found \(describeKeys(document))")
        }
        for component in components { session.finish(run(component.key, component.value)) }
    }

    private func run(_ name: String, _ figures: DocumentValue) -> SourceRun {
        var run = SourceRun(label: name)
        run.define(.endToLastByte)
        run.warn("a component's duration is the length of its calls; it tells of tokens nothing")
        let total = run.total(figures, "total_calls")
        run.failed = run.total(figures, "failed_calls")
        run.completed = run.total(figures, "successful_calls") ?? run.completed(of: total, failed: run.failed)
        run.report(.endToEnd, unit: 1e-3) { statistic in
            switch statistic {
            case .count: figures.number("total_calls")
            case .mean: figures.number("avg_duration_ms")
            case .minimum: figures.number("min_duration_ms")
            case .maximum: figures.number("max_duration_ms")
            case .deviation: .missing
            case .percentile(let level): figures.number("p\(ReportedStatistic.text(level))_duration_ms")
            }
        }
        run.report(\.errorRate, figures.number("error_rate"), scale: 0.01, named: "error_rate")
        run.report(\.requestsPerSecond, figures.number("throughput_per_second"), named: "throughput_per_second")
        return run
    }
}
