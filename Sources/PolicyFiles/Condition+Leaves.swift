internal import Policies

extension Condition {
    /// Every comparison in it, in the order of the file.
    var allLeaves: [Leaf] {
        switch self {
        case .leaf(let leaf): [leaf]
        case .and(let children), .or(let children): children.flatMap(\.allLeaves)
        case .not(let child): child.allLeaves
        }
    }
}

extension Condition.Leaf {
    /// The figures it asks for, each with the window it names itself.
    var queries: [(query: MetricQuery, window: Duration?)] {
        switch test {
        case .compare(let query, _, _, let window): [(query, window)]
        case .burnRate(let short, let long, _): [(.burnRate, short), (.burnRate, long)]
        }
    }
}
