/// How many requests a second come, over time.
public enum LoadShape: Sendable, Codable, Hashable {
    case constant(rate: Double)
    /// From one rate to another along a line, and at that rate from then on.
    case ramp(from: Double, to: Double, seconds: Double)
    case step(before: Double, after: Double, atSecond: Double)
    /// A sine around a mean, lowest at the beginning; `amplitude` is a share of the mean in `0..<1`.
    case diurnal(mean: Double, amplitude: Double, periodSeconds: Double)
    /// At one rate, but for a while at another.
    case spike(base: Double, peak: Double, atSecond: Double, seconds: Double)
    /// As recorded or drawn beforehand.
    case series(RateSeries)

    /// Requests per second at a moment.
    public func rate(at second: Double) -> Double {
        switch self {
        case .constant(let rate): return rate
        case .ramp(let from, let to, let length):
            return second >= length ? to : from + (to - from) * second / length
        case .step(let before, let after, let at): return second < at ? before : after
        case .diurnal(let mean, let amplitude, let period):
            return mean * (1 - amplitude * sineAndCosine(of: 2 * Double.pi * second / period).cosine)
        case .spike(let base, let peak, let at, let length): return second >= at && second < at + length ? peak : base
        case .series(let series): return series.rate(at: second)
        }
    }

    /// Requests expected up to a moment.
    public func expected(by second: Double) -> Double {
        switch self {
        case .constant(let rate): return rate * second
        case .ramp(let from, let to, let length):
            let along = min(second, length)
            let climbed = length > 0 ? (to - from) * along * along / (2 * length) : 0
            return from * along + climbed + to * max(0, second - length)
        case .step(let before, let after, let at): return before * min(second, at) + after * max(0, second - at)
        case .diurnal(let mean, let amplitude, let period):
            let turn = 2 * Double.pi / period
            return mean * (second - amplitude * sineAndCosine(of: turn * second).sine / turn)
        case .spike(let base, let peak, let at, let length):
            return base * second + (peak - base) * min(max(second - at, 0), length)
        case .series(let series): return series.expected(by: second)
        }
    }

    /// The moment by which so many requests are expected, from a moment before it; `nil` where they never come.
    func moment(expecting count: Double, after start: Double) -> Double? {
        if case .constant(let rate) = self { return rate > 0 ? count / rate : nil }
        if case .series(let series) = self { return series.moment(expecting: count) }
        var low = start
        var step = 1.0
        while expected(by: low + step) < count {
            low += step
            step *= 2
            if low > 1e10 { return nil }
        }
        var high = low + step
        // Newton's steps, and halving where one would leave the bracket; the last bit of 1e10 s is 2 µs, of a day 15 ps.
        var moment = (low + high) / 2
        for _ in 0..<100 {
            let miss = expected(by: moment) - count
            if miss > 0 { high = moment } else { low = moment }
            let rate = rate(at: moment)
            let next = rate > 0 ? moment - miss / rate : .infinity
            let better = next > low && next < high ? next : (low + high) / 2
            if abs(better - moment) <= 1e-10 { return better }
            moment = better
        }
        return moment
    }
}
