public import Policies

/// A figure a policy needs, over a window.
public struct PolicyQuestion: Sendable, Hashable {
    public var query: MetricQuery
    public var window: Duration

    public init(_ query: MetricQuery, over window: Duration) {
        self.query = query
        self.window = window
    }
}

extension Policy {
    /// Every figure that the triggers and the objective ask for, each once, in the order of the file.
    public var questions: [PolicyQuestion] {
        var seen: Set<PolicyQuestion> = []
        let asked = triggers.flatMap(questions) + objectiveQuestions
        return asked.filter { seen.insert($0).inserted }
    }

    /// The longest window anything asks for.
    public var longestWindow: Duration { questions.map(\.window).max() ?? objectiveWindow }

    private func questions(of trigger: Trigger) -> [PolicyQuestion] {
        trigger.condition.leaves.flatMap { leaf in
            switch leaf.test {
            case .compare(let query, _, _, let window): [PolicyQuestion(query, over: window ?? trigger.window)]
            case .burnRate(let short, let long, _): [PolicyQuestion(.burnRate, over: short), PolicyQuestion(.burnRate, over: long)]
            }
        }
    }

    private var objectiveQuestions: [PolicyQuestion] {
        let window = objectiveWindow
        var queries = objective.latencies.map { MetricQuery.latency($0.metric, $0.statistic) }
        if objective.throughput != nil { queries.append(.throughput) }
        if objective.tokensPerSecond != nil { queries.append(.tokensPerSecond) }
        if objective.errorRate != nil { queries.append(.errorRate) }
        return queries.map { PolicyQuestion($0, over: window) }
    }
}

extension Condition {
    /// Every comparison in it, in the order of the file.
    public var leaves: [Leaf] {
        switch self {
        case .leaf(let leaf): [leaf]
        case .and(let parts), .or(let parts): parts.flatMap(\.leaves)
        case .not(let part): part.leaves
        }
    }
}
