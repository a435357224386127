import Learning
import Statistics

/// The ablation: the mean of after minus before, with the interval of a t-test.
struct NaiveEffect {
    let mean: Double
    let standardError: Double
    let count: Int

    init(_ episodes: [WorldEpisode], action: Int) {
        let deltas = episodes.filter { $0.row.action == action }.map(\.naiveDelta)
        count = deltas.count
        let mean = deltas.isEmpty ? 0 : deltas.reduce(0, +) / Double(deltas.count)
        self.mean = mean
        let squares = deltas.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        standardError = deltas.count > 1 ? (squares / Double(deltas.count - 1) / Double(deltas.count)).squareRoot() : .infinity
    }

    var interval: ClosedRange<Double> {
        guard count > 1 else { return -.infinity ... .infinity }
        let half = studentQuantile(0.95, degreesOfFreedom: Double(count - 1)) * standardError
        return mean - half...mean + half
    }

    var probabilityOfFall: Double {
        count > 1 && standardError > 0 ? studentCumulative(-mean / standardError, degreesOfFreedom: Double(count - 1)) : 0.5
    }
}
