/// A replica as a queue with service rates that depend on how many requests it has, as llm-d's Workload Variant Autoscaler models it.
///
/// One iteration with n requests takes `α + n·(β·tokens computed + γ·tokens read)`. Source: llm-d workload-variant-autoscaler
/// pkg/analyzer (queueanalyzer, mm1modelstatedependent) with one parameter vector (α, β, γ). Here in double precision, there in single.
public struct QueueModel: Sendable, Hashable {
    public let parameters: Parameters
    /// Mean tokens of prompts and answers, above 0.
    public let inputTokens: Double
    public let outputTokens: Double
    public let maximumBatch: Int
    public let maximumQueue: Int
    /// Requests per millisecond with so many in the batch, from 1.
    private let rates: [Double]

    /// Milliseconds of an iteration: its base, and of every token computed and every cached token read.
    public struct Parameters: Sendable, Hashable {
        public var alpha: Double
        public var beta: Double
        public var gamma: Double

        public init(alpha: Double, beta: Double, gamma: Double) {
            self.alpha = alpha
            self.beta = beta
            self.gamma = gamma
        }

        var isPositive: Bool { alpha > 0 && beta > 0 && gamma > 0 }
    }

    /// Milliseconds, except for the rate.
    public struct Performance: Sendable, Hashable {
        /// Requests per second that are served.
        public var throughput: Double
        public var wait: Double
        public var prefill: Double
        public var timePerToken: Double
    }

    public init(_ parameters: Parameters, inputTokens: Double, outputTokens: Double, maximumBatch: Int, maximumQueue: Int) {
        self.parameters = parameters
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.maximumBatch = maximumBatch
        self.maximumQueue = maximumQueue
        rates = (1...max(1, maximumBatch)).map { count in
            let batch = Double(count)
            let prefill = Self.prefill(parameters, inputTokens, outputTokens, batch: batch)
            return batch / (prefill + outputTokens * Self.decode(parameters, inputTokens, outputTokens, batch: batch))
        }
    }

    /// The range of rates for which it is stable, requests per second.
    public var rateRange: ClosedRange<Double> {
        let (low, high) = (rates[0] * 0.001 * 1_000, rates[rates.count - 1] * 0.999 * 1_000)
        return min(low, high)...max(low, high)
    }

    /// - Parameter rate: Requests per second, above 0.
    /// - Returns: `nil` above the range.
    public func performance(at rate: Double) -> Performance? {
        guard rate > 0, rate <= rateRange.upperBound else { return nil }
        let state = steadyState(arrivals: rate / 1_000)
        let prefill = Self.prefill(parameters, inputTokens, outputTokens, batch: state.inService)
        let service = state.inService / state.throughput
        return Performance(
            throughput: state.throughput * 1_000, wait: max(0, (state.inSystem - state.inService) / state.throughput), prefill: prefill,
            timePerToken: (service - prefill) / outputTokens)
    }

    /// The largest rate, requests per second, at which both mean times are within their objectives, milliseconds; `nil` where no rate is so small.
    public func largestRate(timeToFirstToken: Double, timePerOutputToken: Double) -> Double? {
        let first = largestRate { $0.wait + $0.prefill + $0.timePerToken <= timeToFirstToken }
        let gap = largestRate { $0.timePerToken <= timePerOutputToken }
        guard let first, let gap else { return nil }
        return performance(at: min(first, gap))?.throughput
    }

    private func largestRate(where isEnough: (Performance) -> Bool) -> Double? {
        var (low, high) = (rateRange.lowerBound, rateRange.upperBound)
        guard let slowest = performance(at: low), isEnough(slowest) else { return nil }
        if let fastest = performance(at: high), isEnough(fastest) { return high }
        for _ in 0..<50 {
            let middle = (low + high) / 2
            if let there = performance(at: middle), isEnough(there) { low = middle } else { high = middle }
        }
        return low
    }

    // MARK: The birth-death chain

    private func steadyState(arrivals: Double) -> (inService: Double, inSystem: Double, throughput: Double) {
        let capacity = maximumBatch + maximumQueue
        var weights = [1.0]
        weights.reserveCapacity(capacity + 1)
        for count in 0..<capacity {
            weights.append(weights[count] * arrivals / rates[min(count, rates.count - 1)])
            if weights[count + 1] > 1e200 { for index in weights.indices { weights[index] /= 1e200 } }
        }
        let total = weights.reduce(0, +)
        var (inService, inSystem) = (0.0, 0.0)
        for (count, weight) in weights.enumerated() {
            inSystem += Double(count) * weight / total
            inService += Double(min(count, maximumBatch)) * weight / total
        }
        return (inService, inSystem, arrivals * (1 - weights[capacity] / total))
    }

    private static func iteration(_ parameters: Parameters, _ input: Double, _ output: Double, batch: Double) -> Double {
        let computed = (input + output) / (output + 1)
        return parameters.alpha + batch * (parameters.beta * computed + parameters.gamma * (input + output / 2))
    }

    private static func prefill(_ parameters: Parameters, _ input: Double, _ output: Double, batch: Double) -> Double {
        iteration(parameters, input, output, batch: batch) + (parameters.beta + parameters.gamma) * input
    }

    private static func decode(_ parameters: Parameters, _ input: Double, _ output: Double, batch: Double) -> Double {
        iteration(parameters, input, output, batch: batch) + parameters.beta + parameters.gamma * (input + output / 2)
    }
}
