/// Learns the parameters of a ``QueueModel`` from measured times with an extended Kalman filter.
///
/// Source: llm-d workload-variant-autoscaler internal/engines/analyzers/queueingmodel (analyzer.go, tuner/tuner.go, tuner/configurator.go).
public struct LatencyFilter: Sendable, Hashable {
    /// What a replica is and what is measured at it.
    public struct Measurement: Sendable, Hashable {
        /// Requests per second.
        public var rate: Double
        public var inputTokens: Double
        public var outputTokens: Double
        /// Milliseconds.
        public var timeToFirstToken: Double
        public var timePerOutputToken: Double
        public var maximumBatch: Int

        public init(
            rate: Double, inputTokens: Double, outputTokens: Double, timeToFirstToken: Double, timePerOutputToken: Double,
            maximumBatch: Int
        ) {
            self.rate = rate
            self.inputTokens = inputTokens
            self.outputTokens = outputTokens
            self.timeToFirstToken = timeToFirstToken
            self.timePerOutputToken = timePerOutputToken
            self.maximumBatch = maximumBatch
        }

        var isValid: Bool {
            rate > 0 && inputTokens > 0 && outputTokens > 0 && timeToFirstToken > 0 && timePerOutputToken > 0 && maximumBatch > 0
        }
    }

    public enum Step: Sendable, Hashable {
        case updated
        /// The measurement is too unlikely under the state, as the normalized square of the innovation says; the state is as before.
        case rejected(normalizedInnovation: Double)
        /// The measurement is none, or beyond what the model can serve; the state is as before.
        case failed
    }

    /// Of squared innovations that are too unlikely: the 97.5 % quantile of the chi-squared distribution with two degrees of freedom.
    public static let largestInnovation = 7.378
    private static let usual = [5.0, 0.05, 0.00005]

    /// Whether it grows less sure with every measurement it turns down, and so takes the next ones in at last. As in the source it does not.
    public let recovers: Bool
    private var state: [Double]?
    private var covariance: [[Double]] = []

    public init(recovers: Bool = false) { self.recovers = recovers }

    /// `nil` before the first measurement.
    public var parameters: QueueModel.Parameters? { state.map { QueueModel.Parameters(alpha: $0[0], beta: $0[1], gamma: $0[2]) } }

    /// Takes a measurement in.
    public mutating func take(_ measurement: Measurement) -> Step {
        guard measurement.isValid else { return .failed }
        let guess = state == nil ? Self.guess(measurement) : nil
        let prior = state ?? guess ?? Self.usual
        let bounds = guess ?? Self.usual
        // What the state may have changed by since, 5 % of each parameter.
        let drift = prior.map { 0.0025 * $0 * $0 }
        var predicted = state == nil ? Self.diagonal(drift) : covariance
        for index in drift.indices { predicted[index][index] += drift[index] }
        let held = zip(prior, bounds).map { min(max($0, $1 * 0.01), $1 * 100) }
        let before = (state: prior, covariance: state == nil ? Self.diagonal(drift) : covariance)
        let (after, step) = Self.update(held, predicted, bounds: bounds, measurement)
        (state, covariance) = after ?? before
        if recovers, case .rejected = step { covariance = predicted }
        return step
    }

    /// α from the gap, then β and γ from both times as they are on an idle engine.
    static func guess(_ measurement: Measurement) -> [Double]? {
        let alpha = 0.9 * measurement.timePerOutputToken
        let both = (measurement.timeToFirstToken - alpha) / measurement.inputTokens
        let gamma = (measurement.timePerOutputToken - alpha - both) / (measurement.inputTokens + (measurement.outputTokens + 1) / 2 - 1)
        let guess = [alpha, both - gamma, gamma]
        return guess.allSatisfy { $0 > 0 } ? guess : nil
    }

    private static func update(
        _ state: [Double], _ covariance: [[Double]], bounds: [Double], _ measurement: Measurement
    ) -> (after: ([Double], [[Double]])?, Step) {
        guard let expected = times(state, measurement) else { return (nil, .failed) }
        let measured = [measurement.timeToFirstToken, measurement.timePerOutputToken]
        let innovation = [measured[0] - expected[0], measured[1] - expected[1]]
        let slopes = jacobian(state, measurement)
        let transposed = product(covariance, [0, 1, 2].map { [slopes[0][$0], slopes[1][$0]] })
        var spread = product(slopes, transposed)
        // A measurement is taken to be within 5 % in 95 of 100 cases.
        for index in 0..<2 { spread[index][index] += 0.05 / 1.96 * (0.05 / 1.96) * measured[index] * measured[index] }
        let determinant = spread[0][0] * spread[1][1] - spread[0][1] * spread[1][0]
        guard determinant != 0, determinant.isFinite else { return (nil, .failed) }
        let inverse = [
            [spread[1][1] / determinant, -spread[0][1] / determinant], [-spread[1][0] / determinant, spread[0][0] / determinant],
        ]
        let gain = product(transposed, inverse)
        let updated = (0..<3).map { row in
            min(max(state[row] + gain[row][0] * innovation[0] + gain[row][1] * innovation[1], bounds[row] * 0.01), bounds[row] * 100)
        }
        let weighted = product(inverse, [[innovation[0]], [innovation[1]]])
        let normalized = innovation[0] * weighted[0][0] + innovation[1] * weighted[1][0]
        guard normalized < largestInnovation else { return (nil, .rejected(normalizedInnovation: normalized)) }
        let shrunk = product(gain, slopes)
        let remaining = (0..<3).map { row in (0..<3).map { (row == $0 ? 1 : 0) - shrunk[row][$0] } }
        return ((updated, product(remaining, covariance)), .updated)
    }

    /// Times to the first token and between tokens as the model has them; `nil` where it cannot serve the rate.
    private static func times(_ state: [Double], _ measurement: Measurement) -> [Double]? {
        let model = QueueModel(
            QueueModel.Parameters(alpha: state[0], beta: state[1], gamma: state[2]), inputTokens: measurement.inputTokens,
            outputTokens: measurement.outputTokens, maximumBatch: measurement.maximumBatch, maximumQueue: 10 * measurement.maximumBatch)
        return model.performance(at: measurement.rate).map { [$0.wait + $0.prefill, $0.timePerToken] }
    }

    /// By central differences of 1 %; 0 where one side cannot be served.
    private static func jacobian(_ state: [Double], _ measurement: Measurement) -> [[Double]] {
        var slopes = [[0.0, 0, 0], [0.0, 0, 0]]
        for index in state.indices {
            let width = 0.01 * state[index]
            var (above, below) = (state, state)
            above[index] += width
            below[index] -= width
            guard let high = times(above, measurement), let low = times(below, measurement) else { continue }
            for row in 0..<2 { slopes[row][index] = (high[row] - low[row]) / (2 * width) }
        }
        return slopes
    }

    private static func diagonal(_ values: [Double]) -> [[Double]] {
        values.indices.map { row in values.indices.map { row == $0 ? values[row] : 0 } }
    }

    private static func product(_ left: [[Double]], _ right: [[Double]]) -> [[Double]] {
        left.map { row in
            (right.first ?? []).indices.map { column in row.indices.reduce(0) { $0 + row[$1] * right[$1][column] } }
        }
    }
}
