import EpisodeStore
import Policies

/// Policies that act by themselves and were never back-tested as they are.
struct UntriedPolicies {
    private let shelf: BackTestShelf
    /// Told already: a file that is saved again is no news.
    private var told: Set<Policy> = []

    /// - Parameter storePath: Of the store the back-tests lie beside.
    init(storePath: String) { shelf = BackTestShelf(storePath: storePath) }

    /// A sentence for each that was not told before.
    mutating func warnings(_ policies: [Policy]) -> [String] {
        let untried = policies.filter { $0.mode == .auto && !$0.suspend && shelf.record(of: $0) == nil }
        defer { told = Set(untried) }
        return untried.filter { !told.contains($0) }.map { policy in
            "policy '\(policy.name)' acts by itself (mode auto) and has no back-test as it is now; try it with: "
                + "llm-auto-optimizer simulate --from-store --policy FILE"
        }
    }
}
