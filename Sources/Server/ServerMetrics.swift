import Measurements
import Simulation
import Synchronization

/// Counts what the engine did, under the names vLLM gives it. Times are real seconds, as clients have them.
final class ServerMetrics: Sendable {
    private struct State {
        var firstToken = BucketCounts([0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80])
        var interToken = BucketCounts([0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80])
        var endToEnd = BucketCounts([0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240])
        var succeeded = 0
        /// Of requests under way.
        var lastTokens: [Int: Nanoseconds] = [:]
    }

    private let state = Mutex(State())
    private let clock: ScaledClock
    private let labels: String

    init(clock: ScaledClock, model: String) {
        self.clock = clock
        // Quotes, backslashes and line ends are escaped alike in JSON and in Prometheus' text.
        labels = "engine=\"0\",model_name=\(JSONText.quoted(model))"
    }

    func record(_ tokens: [TokenEvent], _ records: [RequestRecord]) {
        state.withLock { state in
            for token in tokens {
                let before = state.lastTokens.updateValue(token.time, forKey: token.request)
                if let before { state.interToken.count(clock.realSeconds(token.time - before)) }
            }
            for record in records {
                state.lastTokens[record.id] = nil
                guard record.outcome == .completed else { continue }
                state.succeeded += 1
                state.firstToken.count(clock.realSeconds(record.timeToFirstToken))
                state.endToEnd.count(clock.realSeconds(record.endToEnd))
            }
        }
    }

    /// Prometheus' text format.
    func page(_ pool: PoolStatus) -> String {
        state.withLock { state in
            gauge("num_requests_running", "Number of requests in model execution batches.", Double(pool.running))
                + gauge("num_requests_waiting", "Number of requests waiting to be processed.", Double(pool.waiting))
                + gauge("kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", pool.cacheUsage)
                + counter("num_preemptions_total", "Cumulative number of preemptions.", pool.preemptions)
                + counter("prompt_tokens_total", "Number of prefill tokens processed.", pool.promptTokens)
                + counter("generation_tokens_total", "Number of generation tokens processed.", pool.generatedTokens)
                + counter(
                    "request_success_total", "Count of successfully processed requests.", Int64(state.succeeded),
                    #"finished_reason="length""#)
                + histogram("time_to_first_token_seconds", "Histogram of time to first token in seconds.", state.firstToken)
                + histogram("inter_token_latency_seconds", "Histogram of inter-token latency in seconds.", state.interToken)
                + histogram("e2e_request_latency_seconds", "Histogram of end to end request latency in seconds.", state.endToEnd)
        }
    }

    private func head(_ name: String, _ help: String, _ type: String) -> String {
        "# HELP vllm:\(name) \(help)\n# TYPE vllm:\(name) \(type)\n"
    }

    private func gauge(_ name: String, _ help: String, _ value: Double) -> String {
        head(name, help, "gauge") + "vllm:\(name){\(labels)} \(value)\n"
    }

    private func counter(_ name: String, _ help: String, _ value: Int64, _ label: String? = nil) -> String {
        let all = label.map { "\(labels),\($0)" } ?? labels
        return head(name, help, "counter") + "vllm:\(name){\(all)} \(value)\n"
    }

    private func histogram(_ name: String, _ help: String, _ counts: BucketCounts) -> String {
        var text = head(name, help, "histogram")
        for (bound, count) in counts.cumulative { text += "vllm:\(name)_bucket{\(labels),le=\"\(bound)\"} \(count)\n" }
        text += "vllm:\(name)_sum{\(labels)} \(counts.sum)\n"
        return text + "vllm:\(name)_count{\(labels)} \(counts.total)\n"
    }
}

/// How many values fell below each of some bounds.
struct BucketCounts {
    private let bounds: [Double]
    private var counts: [Int]
    private(set) var sum = 0.0

    init(_ bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func count(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    var total: Int { counts.reduce(0, +) }

    var cumulative: [(bound: String, count: Int)] {
        var running = 0
        return zip(bounds.map { "\($0)" } + ["+Inf"], counts).map { bound, count in
            running += count
            return (bound, running)
        }
    }
}
