import Statistics

/// Why percentiles are dashes or have no interval, each reason once.
struct RefusalReasons {
    private(set) var reasons: [(text: String, names: [String])] = []

    /// - Parameter refusals: By the name of what they are of.
    init(_ refusals: [(name: String, shortages: [PercentileShortage])]) {
        for refusal in refusals {
            for shortage in refusal.shortages { add(shortage.description, refusal.name) }
        }
    }

    private mutating func add(_ text: String, _ name: String) {
        if let known = reasons.firstIndex(where: { $0.text == text }) {
            reasons[known].names.append(name)
        } else {
            reasons.append((text, [name]))
        }
    }

    /// One sentence for each reason, with the names it holds for where these are not all.
    /// - Parameter count: Of all that could have been refused.
    func sentences(of count: Int) -> [String] {
        reasons.map { $0.text + ($0.names.count < count ? " (\($0.names.joined(separator: ", ")))" : "") }
    }
}
