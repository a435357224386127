import Foundation
import Importing
import Measurements
import Statistics

/// Writes measurements as JSON lines, seeded: the same bytes every time.
func generate(_ arguments: [String]) throws {
    guard arguments.count == 3, let megabytes = Int(arguments[2]) else { throw CocoaError(.formatting) }
    try Data().write(to: URL(fileURLWithPath: arguments[1]))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: arguments[1]))
    var random = SplitMix64(seed: 42)
    var written = 0
    var index: Int64 = 0
    while written < megabytes << 20 {
        var block = ""
        for _ in 0..<4_096 {
            block += line(index, &random)
            index += 1
        }
        let data = Data(block.utf8)
        try file.write(contentsOf: data)
        written += data.count
    }
    try file.close()
}

private func line(_ index: Int64, _ random: inout SplitMix64) -> String {
    func draw(_ low: Double, _ high: Double) -> Double { (Double.random(in: low...high, using: &random) * 1_000).rounded() / 1_000 }
    let time = Timestamp(nanosecondsSinceEpoch: 1_790_000_000_000_000_000 + index * 1_000_000)
    let id = String(random.next(), radix: 16) + String(random.next(), radix: 16)
    let padded = String(repeating: "0", count: 32 - min(32, id.count)) + id
    let uuid = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { range in
        String(
            padded[
                padded.index(padded.startIndex, offsetBy: range.lowerBound)..<padded.index(padded.startIndex, offsetBy: range.upperBound)])
    }.joined(separator: "-")
    let ttft = draw(40, 400)
    let tpot = draw(8, 30)
    let tokens = Int.random(in: 16...512, using: &random)
    return "{\"measurement_id\":\"\(uuid)\",\"timestamp\":\"\(time)\",\"model\":\"llama-3.1-8b\",\"provider\":\"vllm\","
        + "\"endpoint\":\"http://chat-8b.llm/v1\",\"ttft_ms\":\(ttft),\"tpot_ms\":\(tpot),\"e2e_ms\":\(ttft + tpot * Double(tokens - 1)),"
        + "\"input_tokens\":\(Int.random(in: 10...4_000, using: &random)),\"output_tokens\":\(tokens),"
        + "\"gpu_utilization\":\(draw(0.2, 0.99)),\"kv_cache_utilization\":\(draw(0.1, 0.9))}\n"
}

/// From JSON lines into window statistics, as `recommend --import` does.
func measureImport(_ arguments: [String]) throws {
    guard arguments.count >= 2 else { throw CocoaError(.formatting) }
    let repetitions = arguments.count > 2 ? Int(arguments[2]) ?? 3 : 3
    var requests = 0
    var median = 0.0
    let seconds = try bestOf(repetitions) {
        var windows = MeasurementWindows(
            paneWidth: .seconds(15), retention: .seconds(600),
            limits: [LatencyLimit(metric: .timeToFirstToken, limit: Nanoseconds(seconds: 0.3))])
        _ = try importFile(at: arguments[1]) { windows.record($0) }
        requests = windows.whole.requests
        median = windows.whole.distribution(of: .timeToFirstToken).value(at: .p50) ?? .nan
    }
    let size = try FileManager.default.attributesOfItem(atPath: arguments[1])[.size] as? Int ?? 0
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let rate = Double(requests) / seconds
    row(
        "import \(size >> 20) MiB of JSON lines into windows", "\(Int(rate)) measurements/s", target: ">= 500 000/s/core")
    row("  peak resident memory", "\(usage.ru_maxrss >> 10) MiB", target: "flat in file size")
    row("  check: requests, ttft p50", "\(requests), \((median * 1e6).rounded() / 1e3) ms", target: "equal to the peer's")
}
