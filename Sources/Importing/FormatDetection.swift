import Documents

/// What the beginning of a file tells of the way to read it.
enum DetectedContainer {
    case recordLines(InputFormat)
    case recordTable(InputFormat)
    case table(InputFormat)
    case json
    case yaml
    case unknown(String)
}

/// Finds how to read a file from its beginning.
func detectContainer(_ beginning: FileContent.Beginning, forced: InputFormat?) -> DetectedContainer {
    let startsAsJSON = beginning.bytes.drop(while: isBlankOrMark).first.map { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") } ?? false
    if let forced {
        switch forced.container {
        case .recordLines: return .recordLines(forced)
        case .recordTable: return .recordTable(forced)
        case .table: return .table(forced)
        case .document, .runLines: return startsAsJSON ? .json : .yaml
        }
    }
    if startsAsJSON { return detectRecordLines(beginning).map { .recordLines($0) } ?? .json }
    if beginning.bytes.contains(0) { return .unknown("binary data") }
    if let table = detectTable(beginning) { return table.container == .table ? .table(table) : .recordTable(table) }
    let firstLine = String(decoding: beginning.bytes.drop(while: isBlankOrMark).prefix { $0 != 0x0A }.prefix(200), as: UTF8.self)
    return firstLine.contains(":") || firstLine.hasPrefix("#") || firstLine.hasPrefix("---") ? .yaml : .unknown("'\(firstLine.prefix(60))'")
}

private func isBlankOrMark(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == 0xEF || byte == 0xBB || byte == 0xBF }

/// The record format of the first line that can be read, among the first few.
private func detectRecordLines(_ beginning: FileContent.Beginning) -> InputFormat? {
    var lines = beginning.bytes.split(separator: 0x0A, maxSplits: 20, omittingEmptySubsequences: true)
    if !beginning.isWholeFile || lines.count > 20 { lines = lines.dropLast() }
    for line in lines {
        // A line that cannot be read is judged when the file is; here the next one may tell more.
        guard let value = try? line.withUnsafeBytes({ try JSONDocument.parse($0) }) else { continue }
        if value["metrics"] != nil, value["metadata"]?["request_start_ns"] != nil { return .aiperfRecords }
        if detectDocument(value) != nil { return nil }
        if MeasurementField.identifying.contains(where: { value[$0.name] != nil }) { return .measurementLines }
    }
    return nil
}

private func detectTable(_ beginning: FileContent.Beginning) -> InputFormat? {
    var reader = CSVReader(beginning.bytes)
    guard let header = reader.next(), header.count > 1 else { return nil }
    if header.starts(with: ["response-time", "DNS+dialup"]) { return .hey }
    if header.first == "Run Info" && header.contains("Benchmark") { return .guidellmTable }
    if header.starts(with: ["Timeslice", "Start_NS"]) { return .aiperfTimesliceTable }
    if header.starts(with: ["Metric", "avg"]) || header == ["Metric", "Value"] { return .aiperfTable }
    if header.starts(with: ["metric", "mean", "std"]) { return .aiperfAggregateTable }
    if header.contains(where: { $0.hasPrefix("request_throughput_avg_mean") || $0.hasPrefix("request_latency_avg_mean") }) {
        return .aiperfSweepTable
    }
    return header.contains { name in MeasurementField.identifying.contains { $0.name == name } } ? .measurementTable : nil
}

/// The format of a whole document, from the keys only one tool writes.
func detectDocument(_ value: DocumentValue) -> InputFormat? {
    if case .array(let elements) = value { return elements.first.flatMap(detectElement) }
    func has(_ keys: String...) -> Bool { keys.allSatisfy { value[$0] != nil } }
    if value["metadata"]?["benchmark_id"] != nil, value["results"]?["latency_metrics"] != nil { return .benchmarkResults }
    if has("benchmarks"), value["benchmarks"]?.elements.first?["metrics"] != nil { return .guidellm }
    if has("timeslices") { return .aiperfTimeslices }
    if has("per_combination_metrics") { return .aiperfSweep }
    if value["metadata"]?["aggregation_type"] != nil, has("metrics") { return .aiperfAggregate }
    if value["request_throughput"]?["unit"] != nil || value["request_latency"]?["unit"] != nil { return .aiperf }
    if value["results"]?["request_performance"] != nil { return .benchmarkReport }
    if has("load_summary", "successes") { return .inferencePerf }
    if has("results_ttft_s_mean") || (value["version"]?.text == "2023-08-31" && has("results_num_requests_started")) { return .llmperf }
    if has("total_output_tokens_retokenized") || has("backend", "dataset_name", "mean_ttft_ms") { return .sglangBench }
    if has("model_id"), has("mean_ttft_ms") || has("request_throughput") { return .vllmBench }
    let components = value.members
    let areComponents =
        !components.isEmpty && components.allSatisfy { $0.value["avg_duration_ms"] != nil && $0.value["total_calls"] != nil }
    return areComponents ? .componentStatistics : nil
}

private func detectElement(_ element: DocumentValue) -> InputFormat? {
    if element["end_to_end_latency_s"] != nil || element["ttft_s"] != nil { return .llmperfResponses }
    if element["start_time"] != nil, element["info"] != nil { return .inferencePerfRequests }
    return nil
}
