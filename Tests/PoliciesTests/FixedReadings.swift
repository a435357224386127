import Policies

/// Answers each query from a table, whatever the window; what is not in it is missing.
struct FixedReadings: ReadingSource {
    var answers: [MetricQuery: Reading] = [:]
    /// Answers that depend on the window win.
    var windowed: [Duration: [MetricQuery: Reading]] = [:]

    func reading(_ query: MetricQuery, over window: Duration) -> Reading {
        windowed[window]?[query] ?? answers[query] ?? .unknown(.missing)
    }
}

extension Condition {
    static func compare(_ query: MetricQuery, _ comparison: Comparison, _ threshold: Double, window: Duration? = nil) -> Condition {
        .leaf(Leaf(name: "leaf", test: .compare(query, comparison, threshold: threshold, window: window)))
    }
}
