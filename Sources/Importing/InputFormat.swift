/// What a file of results holds; found from its content, or named by the user.
public enum InputFormat: String, Sendable, Hashable, CaseIterable {
    /// A document valid under the benchmark results schema.
    case benchmarkResults = "benchmark-results"
    /// Our measurements, one JSON object a line.
    case measurementLines = "measurements-jsonl"
    /// Our measurements as CSV with a header.
    case measurementTable = "measurements-csv"
    /// guidellm's report, as JSON or as YAML.
    case guidellm
    case guidellmTable = "guidellm-csv"
    /// aiperf's or genai-perf's summary of a run.
    case aiperf
    case aiperfTable = "aiperf-csv"
    /// aiperf's records, one request a line.
    case aiperfRecords = "aiperf-records"
    case aiperfTimeslices = "aiperf-timeslices"
    case aiperfTimesliceTable = "aiperf-timeslices-csv"
    /// aiperf's aggregate over several runs of one setting.
    case aiperfAggregate = "aiperf-aggregate"
    case aiperfAggregateTable = "aiperf-aggregate-csv"
    case aiperfSweep = "aiperf-sweep"
    case aiperfSweepTable = "aiperf-sweep-csv"
    /// `vllm bench serve`, plain or detailed, one run or one a line.
    case vllmBench = "vllm-bench"
    /// SGLang's `bench_serving`, one run a line.
    case sglangBench = "sglang-bench"
    /// inference-perf's stage or summary report.
    case inferencePerf = "inference-perf"
    case inferencePerfRequests = "inference-perf-requests"
    /// The Benchmark Report of llm-d.
    case benchmarkReport = "llm-d-benchmark-report"
    case llmperf
    case llmperfResponses = "llmperf-responses"
    /// `hey -o csv`.
    case hey = "hey-csv"
    /// A map from component to its call statistics.
    case componentStatistics = "component-statistics"

    /// How such a file is read.
    enum Container {
        /// One JSON or YAML document, bounded in size.
        case document
        /// JSON documents, one in the file or one a line.
        case runLines
        /// JSON objects, one a line, of a file of any size.
        case recordLines
        /// CSV records of a file of any size.
        case recordTable
        /// CSV, bounded in size.
        case table
    }

    var container: Container {
        switch self {
        case .benchmarkResults, .guidellm, .aiperf, .aiperfTimeslices, .aiperfAggregate, .aiperfSweep, .inferencePerf,
            .inferencePerfRequests, .benchmarkReport, .llmperf, .llmperfResponses, .componentStatistics:
            .document
        case .vllmBench, .sglangBench: .runLines
        case .measurementLines, .aiperfRecords: .recordLines
        case .measurementTable, .hey: .recordTable
        case .guidellmTable, .aiperfTable, .aiperfTimesliceTable, .aiperfAggregateTable, .aiperfSweepTable: .table
        }
    }
}
