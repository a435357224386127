import Documents

/// Reads one document as the format it was found or said to be.
func readDocument(_ document: DocumentValue, as format: InputFormat, into session: ImportSession) throws {
    switch format {
    case .benchmarkResults: try BenchmarkResultsReader().read(document, into: session)
    case .guidellm: try GuidellmReader().read(document, into: session)
    case .aiperf: try AIPerfReader().readSummary(document, into: session)
    case .aiperfTimeslices: try AIPerfReader().readTimeslices(document, into: session)
    case .aiperfAggregate: try AIPerfReader().readAggregate(document, into: session)
    case .aiperfSweep: try AIPerfReader().readSweep(document, into: session)
    case .vllmBench: try ServingBenchReader(dialect: .vllm).read(document, into: session)
    case .sglangBench: try ServingBenchReader(dialect: .sglang).read(document, into: session)
    case .inferencePerf: try InferencePerfReader().readReport(document, into: session)
    case .inferencePerfRequests: try InferencePerfReader().readRequests(document, into: session)
    case .benchmarkReport: try BenchmarkReportReader().read(document, into: session)
    case .llmperf: try LLMPerfReader().readSummary(document, into: session)
    case .llmperfResponses: try LLMPerfReader().readResponses(document, into: session)
    case .componentStatistics: try ComponentStatisticsReader().read(document, into: session)
    case .measurementLines, .measurementTable, .guidellmTable, .aiperfTable, .aiperfRecords, .aiperfTimesliceTable, .aiperfAggregateTable,
        .aiperfSweepTable, .hey:
        throw session.error(.wrongFormat, "expected \(format.rawValue), found one JSON or YAML document")
    }
}

/// Reads a bounded CSV file as the format it was found or said to be.
func importTables(_ content: [UInt8], format: InputFormat, into session: ImportSession) throws {
    switch format {
    case .guidellmTable: try GuidellmTableReader().read(content, into: session)
    case .aiperfTable: try AIPerfTableReader().readSummary(content, into: session)
    case .aiperfTimesliceTable: try AIPerfTableReader().readTimeslices(content, into: session)
    case .aiperfAggregateTable: try AIPerfTableReader().readAggregate(content, into: session)
    case .aiperfSweepTable: try AIPerfTableReader().readSweep(content, into: session)
    default: throw session.error(.wrongFormat, "expected \(format.rawValue), found a CSV table")
    }
}
