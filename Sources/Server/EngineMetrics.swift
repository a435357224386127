import Simulation

/// Histograms of what the engine has delivered, in simulated seconds, and all figures as vLLM names them.
struct EngineMetrics: Sendable {
    var timeToFirstToken = CumulativeHistogram(bounds: [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2_560,
    ])
    var interTokenLatency = CumulativeHistogram(bounds: [
        0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
    ])
    var endToEnd = CumulativeHistogram(bounds: [
        0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1_920, 7_680,
    ])

    /// The page of `/metrics`, in the Prometheus text format.
    func text(model: String, status: PoolStatus) -> String {
        let labels = #"model_name="\#(model)""#
        func single(_ name: String, _ type: String, _ value: String, more: String = "") -> String {
            "# TYPE \(name) \(type)\n\(name){\(labels)\(more)} \(value)\n"
        }
        return single("vllm:num_requests_running", "gauge", "\(status.running)")
            + single("vllm:num_requests_waiting", "gauge", "\(status.waiting)")
            + single("vllm:kv_cache_usage_perc", "gauge", "\(status.cacheUsage)")
            + single("vllm:num_preemptions_total", "counter", "\(status.preemptions)")
            + single("vllm:prompt_tokens_total", "counter", "\(status.promptTokens)")
            + single("vllm:generation_tokens_total", "counter", "\(status.generatedTokens)")
            + single("vllm:request_success_total", "counter", "\(status.completed)", more: #",finished_reason="length""#)
            + timeToFirstToken.text("vllm:time_to_first_token_seconds", labels)
            + interTokenLatency.text("vllm:inter_token_latency_seconds", labels)
            + endToEnd.text("vllm:e2e_request_latency_seconds", labels)
    }
}

/// Counts of readings up to each of some bounds.
struct CumulativeHistogram: Sendable {
    private let bounds: [Double]
    /// Per bucket, not yet summed up; the last one is open above.
    private var counts: [Int]
    private var sum = 0.0

    /// - Parameter bounds: Rising.
    init(bounds: [Double]) {
        self.bounds = bounds
        counts = [Int](repeating: 0, count: bounds.count + 1)
    }

    mutating func record(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    func text(_ name: String, _ labels: String) -> String {
        var text = "# TYPE \(name) histogram\n"
        var count = 0
        for (bound, own) in zip(bounds.map(\.description) + ["+Inf"], counts) {
            count += own
            text += "\(name)_bucket{\(labels),le=\"\(bound)\"} \(count)\n"
        }
        return text + "\(name)_sum{\(labels)} \(sum)\n\(name)_count{\(labels)} \(count)\n"
    }
}
