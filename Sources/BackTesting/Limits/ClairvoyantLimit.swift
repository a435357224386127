public import Measurements

/// What a scaler that knows all arrivals can do: nearly the fewest replica hours that attain the objective.
public struct ClairvoyantLimit: Sendable, Codable, Hashable {
    public var schedule: FleetSchedule
    public var score: ScalingScore
    /// Work of the search, in runs of the whole trial.
    public var runs: Double
}

extension ScalingTrial {
    /// A schedule for the true arrivals: replicas are asked for ahead by what a start takes, which is certain here, and paid for from then on.
    ///
    /// Demand follows from the engine's model; how far above it the fleet has to be is found by runs, and replicas are then taken away
    /// wherever that costs the fewest answers, as long as the objective is attained. A local search: the true optimum is a little lower.
    /// - Parameters:
    ///   - attaining: Share of the requests after the warm-up.
    ///   - effort: Runs of the whole trial the search may take, about.
    /// - Returns: `nil` where the largest fleet allowed does not attain it.
    public func clairvoyant(
        attaining: Double = 0.99, slot: Nanoseconds = Nanoseconds(seconds: 60), effort: Double = 40
    ) -> ClairvoyantLimit? {
        var search = ClairvoyantSearch(self, attaining: attaining, slot: slot)
        guard search.findMargin() else { return nil }
        search.thinOut(effort: effort)
        return search.best
    }
}
