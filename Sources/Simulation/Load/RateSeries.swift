import Statistics

/// Rates that hold for even steps, such as a recorded week in ten-minute means. Nothing comes after its end.
public struct RateSeries: Sendable, Hashable {
    public let stepSeconds: Double
    /// Requests per second, one a step; finite and at least 0.
    public let rates: [Double]
    /// Requests expected before each step, and in all.
    private let cumulative: [Double]

    /// - Parameter stepSeconds: Above 0. What is out of range traps; readers of files check before.
    public init(stepSeconds: Double, rates: [Double]) {
        precondition(stepSeconds > 0 && stepSeconds.isFinite, "a step of \(stepSeconds) s")
        precondition(rates.allSatisfy { $0 >= 0 && $0.isFinite }, "rates are finite and at least 0")
        self.stepSeconds = stepSeconds
        self.rates = rates
        var sum = 0.0
        cumulative =
            [0]
            + rates.map { rate in
                sum += rate * stepSeconds
                return sum
            }
    }

    public var seconds: Double { stepSeconds * Double(rates.count) }
    /// Requests per second over all steps; 0 where there are none.
    public var mean: Double { rates.isEmpty ? 0 : cumulative[rates.count] / seconds }

    /// All rates multiplied.
    public func scaled(by factor: Double) -> RateSeries { RateSeries(stepSeconds: stepSeconds, rates: rates.map { $0 * factor }) }

    /// The steps from one on, as many as told and as there are.
    public func slice(fromStep start: Int, steps: Int) -> RateSeries {
        RateSeries(stepSeconds: stepSeconds, rates: Array(rates.dropFirst(max(0, start)).prefix(max(0, steps))))
    }

    func rate(at second: Double) -> Double {
        let step = Int((second / stepSeconds).rounded(.down))
        return rates.indices.contains(step) ? rates[step] : 0
    }

    func expected(by second: Double) -> Double {
        guard second > 0 else { return 0 }
        let step = min(Int(min(second / stepSeconds, 1e15)), rates.count)
        guard step < rates.count else { return cumulative[rates.count] }
        return cumulative[step] + rates[step] * (second - Double(step) * stepSeconds)
    }

    /// The moment by which so many requests, at least 0, are expected; `nil` where they never come.
    func moment(expecting count: Double) -> Double? {
        guard count <= cumulative[rates.count] else { return nil }
        // The first step at whose end so many are expected.
        var (low, high) = (0, rates.count)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle + 1] >= count { high = middle } else { low = middle + 1 }
        }
        guard low < rates.count else { return nil }
        let within = rates[low] > 0 ? (count - cumulative[low]) / rates[low] : 0
        return Double(low) * stepSeconds + min(max(within, 0), stepSeconds)
    }
}

extension RateSeries: Codable {
    private enum CodingKeys: String, CodingKey { case stepSeconds, rates }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let step = try values.decode(Double.self, forKey: .stepSeconds)
        let rates = try values.decode([Double].self, forKey: .rates)
        guard step > 0, step.isFinite, rates.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .rates, in: values, debugDescription: "expected a step above 0 and finite rates of at least 0")
        }
        self.init(stepSeconds: step, rates: rates)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(stepSeconds, forKey: .stepSeconds)
        try values.encode(rates, forKey: .rates)
    }
}

extension LoadShape {
    /// The same load with a structure inside its steps: all arrivals share a lognormal factor that wanders as an AR(1) process.
    ///
    /// Ten-minute means hide what happens within them. The factor has mean 1; values a correlation time apart are correlated by 1/e. This
    /// drawn structure stands in for what was not recorded, and results that rest on it are to say so.
    /// - Parameters:
    ///   - deviation: Standard deviation of the factor's logarithm, at least 0.
    ///   - correlationSeconds: Above 0.
    ///   - stepSeconds: For which the factor holds; above 0.
    public func modulated(
        for seconds: Double, deviation: Double = 0.2, correlationSeconds: Double = 60, stepSeconds: Double = 10, seed: UInt64
    ) -> RateSeries {
        precondition(
            deviation >= 0 && correlationSeconds > 0 && stepSeconds > 0, "a modulation of \(deviation) over \(correlationSeconds) s")
        var draws = NormalDraws(SplitMix64(seed: seed))
        let memory = exponential(-stepSeconds / correlationSeconds)
        let innovation = (1 - memory * memory).squareRoot()
        var state = draws.next()
        let rates = (0..<Int((seconds / stepSeconds).rounded(.up))).map { step in
            let start = Double(step) * stepSeconds
            let mean = (expected(by: start + stepSeconds) - expected(by: start)) / stepSeconds
            defer { state = memory * state + innovation * draws.next() }
            return max(0, mean) * exponential(deviation * state - deviation * deviation / 2)
        }
        return RateSeries(stepSeconds: stepSeconds, rates: rates)
    }
}
