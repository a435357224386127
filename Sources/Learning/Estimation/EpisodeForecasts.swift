import Statistics

/// Every episode predicted from those before it, as if it had not happened yet: what shows drift and whether intervals hold.
struct EpisodeForecasts {
    /// Factor on every row's weight: what lies before a change point counts a quarter, as if its covariance were fourfold.
    private(set) var factors: [Double]
    private(set) var widening = AdaptiveWidening()
    private(set) var reliability = Reliability()
    /// 90 % intervals that held, and all.
    private(set) var covered = 0
    private(set) var stated = 0
    private(set) var changes: [ChangePoint] = []

    static let discount = 0.25
    /// Episodes before the first that is held against its prediction.
    private static let apprenticeship = 8

    private let rows: [EffectRow]
    private let settings: EffectSettings
    private let design: [Double]
    private let weights: [Double]
    private let width: Int
    private let widths: [Double]

    /// - Parameters:
    ///   - rows: Oldest first.
    ///   - fit: Of all of them: gives the scale of the noise to begin with.
    init?(_ rows: [EffectRow], widths: [Double], fit: EffectFit, settings: EffectSettings) {
        var plain = settings
        plain.interactionCount = .max
        plain.halfLife = .infinity  // Forgetting goes with the time that has passed up to each episode, not up to now.
        guard let prepared = PreparedRows(rows, actions: widths.count, settings: plain, factors: nil) else { return nil }
        self.rows = rows
        self.settings = settings
        self.widths = widths
        design = prepared.design
        weights = prepared.weights
        width = prepared.width
        factors = Array(repeating: 1, count: rows.count)
        run(prepared, variance: fit.residualVariance)
    }

    private mutating func run(_ prepared: PreparedRows, variance: Double) {
        var information = Information(width: width)
        var noise = RunningNoise(variance: variance)
        var common = CumulativeSum()
        var own = widths.map { _ in CumulativeSum(slack: settings.actionSlack, threshold: settings.actionThreshold) }
        var positions = widths.map { _ in [Int]() }
        for index in rows.indices {
            if index > 0 { information.fade(power(2, -max(0, rows[index - 1].age - rows[index].age) / settings.halfLife)) }
            let line = Array(design[index * width..<(index + 1) * width])
            let penalties = prepared.penalties(variance: noise.variance, widths: widths)
            guard let forecast = information.forecast(line, penalties: penalties) else { continue }
            let spread = 1 + forecast.leverage
            let innovation = rows[index].residual - forecast.mean
            let standardised = innovation / (noise.variance * spread).squareRoot()
            if index >= Self.apprenticeship {
                check(rows[index], forecast, standardised, spread: spread, noise)
                if let alarm = common.take(standardised) {
                    information.fade(Self.discount)
                    discount(0..<min(Self.apprenticeship + alarm.before, index), action: nil)
                }
                if let action = rows[index].action {
                    positions[action].append(index)
                    if let alarm = own[action].take(standardised) {
                        let end = alarm.before < positions[action].count ? positions[action][alarm.before] : index
                        discount(0..<end, action: action)
                        information = rebuilt(through: index)
                    }
                }
            }
            information.add(line, response: rows[index].residual, weight: weights[index])
            noise.take(innovation * innovation / spread)
        }
    }

    /// What the episodes before one have told, with what was since found to be out of date.
    private func rebuilt(through last: Int) -> Information {
        var information = Information(width: width)
        for index in 0..<last {
            if index > 0 { information.fade(power(2, -max(0, rows[index - 1].age - rows[index].age) / settings.halfLife)) }
            information.add(
                Array(design[index * width..<(index + 1) * width]), response: rows[index].residual, weight: weights[index] * factors[index])
        }
        return information
    }

    private mutating func discount(_ range: Range<Int>, action: Int?) {
        for index in range where action == nil || rows[index].action == action { factors[index] *= Self.discount }
        changes.append(ChangePoint(action: action, age: rows[min(range.upperBound, rows.count - 1)].age))
    }

    /// Holds what would have been said of an action's episode against what came.
    private mutating func check(
        _ row: EffectRow, _ forecast: Information.Forecast, _ standardised: Double, spread: Double, _ noise: RunningNoise
    ) {
        guard let action = row.action else { return }
        let missed = noise.cumulative(abs(standardised) / widening.factor) > 0.95
        stated += 1
        covered += missed ? 0 : 1
        // What came of this one episode: its effect as far as one episode shows it, noise included, so that a fall can be counted.
        let effect = forecast.coefficients[PreparedRows.covariates + action] + row.predictedEffect
        let deviation = (noise.variance * spread).squareRoot()
        let came = effect + standardised * deviation
        reliability.record(
            stated: noise.cumulative(-effect / (deviation * widening.factor)), happened: came < 0
        )
        widening.take(missed: missed)
    }
}

/// When effects were found to have changed.
public struct ChangePoint: Sendable, Codable, Hashable {
    /// Position of the action; `nil` where everything changed.
    public let action: Int?
    /// Days before now.
    public let age: Double
}

/// Sums of a regression to which rows are added one by one.
private struct Information {
    let width: Int
    private var normal: [Double]
    private var moments: [Double]

    struct Forecast {
        let mean: Double
        /// `x' A⁻¹ x`: variance of the mean in units of a row's.
        let leverage: Double
        let coefficients: [Double]
    }

    init(width: Int) {
        self.width = width
        normal = Array(repeating: 0, count: width * width)
        moments = Array(repeating: 0, count: width)
    }

    /// Everything so far counts this much of what it did.
    mutating func fade(_ share: Double) {
        for index in normal.indices { normal[index] *= share }
        for index in moments.indices { moments[index] *= share }
    }

    mutating func add(_ line: [Double], response: Double, weight: Double) {
        for i in 0..<width where line[i] != 0 {
            moments[i] += weight * line[i] * response
            for j in 0..<width { normal[i * width + j] += weight * line[i] * line[j] }
        }
    }

    func forecast(_ line: [Double], penalties: [Double]) -> Forecast? {
        var matrix = normal
        for i in 0..<width { matrix[i * width + i] += penalties[i] }
        guard let factor = CholeskyFactor(matrix, width: width) else { return nil }
        let coefficients = factor.solve(moments)
        let half = factor.solve(line)
        return Forecast(
            mean: zip(line, coefficients).reduce(0) { $0 + $1.0 * $1.1 }, leverage: zip(line, half).reduce(0) { $0 + $1.0 * $1.1 },
            coefficients: coefficients)
    }
}

/// The variance of a row as innovations tell it, from a first guess that is worth a few of them.
private struct RunningNoise {
    private var sum: Double
    private(set) var degreesOfFreedom = 8.0

    init(variance: Double) { sum = variance * degreesOfFreedom }

    var variance: Double { sum / degreesOfFreedom }

    /// Share of standardised innovations at or below a value; beyond a hundred degrees of freedom t and normal agree to a quarter of a percent.
    func cumulative(_ value: Double) -> Double {
        degreesOfFreedom < 100 ? studentCumulative(value, degreesOfFreedom: degreesOfFreedom) : standardNormalCumulative(value)
    }

    mutating func take(_ square: Double) {
        sum += square
        degreesOfFreedom += 1
    }
}
