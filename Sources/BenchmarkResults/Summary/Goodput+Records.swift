import Measurements
import Statistics

extension Goodput {
    /// - Parameter records: In the order of the schedule.
    init(of records: [RequestRecord], objective: BenchmarkObjective, span: Nanoseconds, confidence: Double) {
        let verdicts = records.filter { !$0.isCancelled }.map { $0.meets(objective) }
        self.init(
            met: verdicts.count { $0 == true }, missed: verdicts.count { $0 == false }, notJudged: verdicts.count { $0 == nil })
        if span.seconds > 0 { requestsPerSecond = Double(met) / span.seconds }
        let judged = verdicts.compactMap { $0.map { $0 ? 1.0 : 0.0 } }
        guard !judged.isEmpty else { return }
        let share = Double(met) / Double(judged.count)
        attainment = share
        attainmentInterval = shareInterval(judged, confidence: confidence)
        isReached = objective.attainment.map { share >= $0 }
    }
}

extension RequestRecord {
    /// `true` met every limit, `false` missed one or failed, `nil` cannot be judged because a limited latency was not measured.
    func meets(_ objective: BenchmarkObjective) -> Bool? {
        guard measurement.succeeded else { return false }
        var judged = true
        for limit in objective.limits {
            guard let value = judgedLatency(limit.metric) else {
                judged = false
                continue
            }
            if value > limit.limit.seconds { return false }
        }
        return judged ? true : nil
    }
}
