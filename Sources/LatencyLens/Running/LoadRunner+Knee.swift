public import LoadGeneration
import Measurements

extension LoadRunner {
    /// Searches the highest rate at which enough requests are good.
    ///
    /// A request is good as the runner's `isGood` says; what failed or was never sent is not. Ends early with the run.
    /// - Parameter stage: What is offered at a rate; long enough that a queue would show.
    /// - Returns: What was found, `nil` where the run ended before, and a result for each probe.
    /// - Throws: ``LoadGeneration/InvalidLoad`` for numbers that cannot be searched with.
    public func findKnee(
        _ search: KneeSearch.Settings, stage: @Sendable (_ requestsPerSecond: Double) -> LoadStage
    ) async throws(InvalidLoad) -> (knee: KneeSearch.Result?, probes: [StageResult]) {
        if let problem = search.problem { throw InvalidLoad(problem) }
        var search = KneeSearch(search)
        var probes: [StageResult] = []
        while true {
            switch search.next {
            case .done(let result): return (result, probes)
            case .probe(let rate):
                guard let probe = try await run([stage(rate)]).first else { return (nil, probes) }
                probes.append(probe)
                guard probe.stoppedEarly == nil else { return (nil, probes) }
                search.record(.init(good: probe.tally.good, total: probe.tally.requests + probe.stage.unsent))
            }
        }
    }
}
