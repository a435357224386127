import Control
import Measurements
import Scaling
import Simulation

extension ServiceLoad {
    /// A block as the metrics of its engines would tell it: what came is what ended and what more there is than before.
    /// - Parameters:
    ///   - inFlightBefore: Requests that waited or ran when it began.
    ///   - limits: Beyond which an answer is late.
    init(_ block: PoolBlock, inFlightBefore: Int, limits: [LatencyLimit]) {
        self.init(start: TrialSource.epoch.advanced(by: block.start), end: TrialSource.epoch.advanced(by: block.end))
        var finished = ScalingObservation.Finished()
        var missed = 0
        for outcome in block.outcomes {
            let isMissed = !outcome.keeps(limits)
            finished.add(outcome, isMissed: isMissed)
            if isMissed { missed += 1 }
        }
        self.finished = finished
        self.missed = missed
        waiting = block.status.waiting
        running = block.status.running
        arrivals = max(0, block.outcomes.count + block.status.waiting + block.status.running - inFlightBefore)
        prompts = block.outcomes.count { $0.ending == .completed }
        promptTokens = finished.inputTokens
    }
}

extension RequestOutcome {
    /// Whether it was answered, and within every limit.
    func keeps(_ limits: [LatencyLimit]) -> Bool {
        guard ending == .completed else { return false }
        return limits.allSatisfy { limit in
            let time: Nanoseconds? =
                switch limit.metric {
                case .timeToFirstToken: timeToFirstToken
                case .timePerOutputToken, .interTokenLatency: timePerOutputToken
                case .endToEnd: endToEnd
                case .queue: queued
                default: nil
                }
            return time.map { $0 <= limit.limit } ?? true
        }
    }
}
