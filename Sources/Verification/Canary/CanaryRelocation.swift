/// How many of the canary's replicas came back on other nodes when they took up the change.
///
/// Every node has a speed of its own. What was compared before the change says nothing of nodes that took no part in it, and another
/// comparison after a restart would not either: the change restarts the replicas once more, and they keep their nodes or they do not.
public struct CanaryRelocation: Sendable, Codable, Hashable {
    /// Of the canary, at least 1.
    public var replicas: Int
    /// Of those, on other nodes than before; `0...replicas`.
    public var moved: Int

    public init(moved: Int, of replicas: Int) {
        self.replicas = max(1, replicas)
        self.moved = min(max(0, moved), self.replicas)
    }

    /// - Parameters:
    ///   - before: The node of each replica of the canary in the time of comparison; `nil` where it is not known, which counts as another one.
    ///   - after: The same with the change.
    public init(from before: [String?], to after: [String?]) {
        var left = before.compactMap(\.self)
        var kept = 0
        for node in after {
            guard let position = left.firstIndex(where: { $0 == node }) else { continue }
            left.remove(at: position)
            kept += 1
        }
        let replicas = max(1, before.count, after.count)
        self.init(moved: replicas - kept, of: replicas)
    }
}

extension CanaryEvidence {
    /// Whether the canary has answered as many requests since it got the change as it had under way then; so where nobody counted them.
    var isDrained: Bool {
        let last = (applying.last ?? before.last)?.canary.underWay
        return last.map { waiting in settling.reduce(0) { $0 + $1.canary.requests } >= waiting } ?? true
    }

    /// By how much other nodes alone move the canary's level, as a standard deviation: of each replica that moved, the node it left counts and the
    /// one it came to.
    func levelDeviation(under terms: CanaryTerms) -> Double {
        if let known = terms.hardwareDeviation { return known }
        guard let relocation else { return 0 }
        return terms.nodeDeviation * (2 * Double(relocation.moved)).squareRoot() / Double(relocation.replicas)
    }
}
