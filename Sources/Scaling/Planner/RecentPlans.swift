/// What was asked for in the last while: a replica is kept until it was not needed for as long as starting it again would take.
///
/// Whoever keeps it so long pays at most twice what someone would who knew the future: the ski-rental rule.
struct RecentPlans: Sendable, Codable, Hashable {
    private let hold: Double
    private var plans: [Plan] = []
    private var began: Double?

    init(hold: Double) { self.hold = hold }

    private struct Plan: Sendable, Codable, Hashable {
        var time: Double
        var replicas: Int
    }

    /// - Parameter time: Seconds; rises.
    mutating func add(_ replicas: Int, time: Double) {
        began = began ?? time
        // Only what is larger than everything after it can be the largest one day.
        plans.removeAll { $0.time <= time - hold || $0.replicas <= replicas }
        plans.append(Plan(time: time, replicas: replicas))
    }

    /// The most asked for in the last while; `nil` until it is that long.
    func most(at time: Double) -> Int? {
        guard let began, time - began >= hold else { return nil }
        return plans.map(\.replicas).max()
    }

    mutating func restart() { self = RecentPlans(hold: hold) }
}
