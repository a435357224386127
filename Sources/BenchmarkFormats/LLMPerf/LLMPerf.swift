import Measurements

/// The files llmperf writes: `_summary.json` and `_individual_responses.json`, for each stage; of several stages with their numbers.
enum LLMPerf {
    static func files(_ run: BenchmarkRun) -> [ExportedFile] {
        run.stages.enumerated().flatMap { index, stage in
            let number = run.stages.count > 1 ? "_\(index + 1)" : ""
            return [
                LLMPerfSummary.file(stage, of: run, name: "\(run.model.name)\(number)_summary", suffix: "\(number)_summary.json"),
                LLMPerfResponses.file(stage, suffix: "\(number)_individual_responses.json"),
            ]
        }
    }
}
