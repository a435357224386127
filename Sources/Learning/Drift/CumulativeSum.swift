/// Notices that the mean of standardised innovations is no longer 0.
///
/// `S⁺ ← max(0, S⁺ + z − k)`, `S⁻` likewise for falls; an alarm at h (E. S. Page, Biometrika 41 (1954) 100-115). Without a change the mean run
/// to an alarm on one side is about `(e^(2kb) − 2kb − 1) / 2k²` with `b = h + 1.166` (D. Siegmund, Sequential Analysis, 1985).
public struct CumulativeSum: Sendable, Hashable {
    /// Half of the smallest shift that matters, in standard deviations.
    public let slack: Double
    public let threshold: Double
    private var rise = Side()
    private var fall = Side()
    private var taken = 0

    private struct Side: Hashable {
        var sum = 0.0
        /// Innovations taken when the sum was last 0.
        var start = 0
    }

    /// The defaults fit a value every 15 s: one false alarm in three days, a shift of one deviation is found in about 16 values.
    public init(slack: Double = 0.5, threshold: Double = 8) {
        self.slack = slack
        self.threshold = threshold
    }

    /// Where the mean began to differ.
    public struct Alarm: Sendable, Hashable {
        /// How many innovations, of all that were taken, came before the change.
        public let before: Int
        public let isRise: Bool
    }

    /// Takes an innovation; after an alarm it begins anew.
    /// - Parameter innovation: Of mean 0 and variance 1 while nothing changes; not finite ones are left out.
    public mutating func take(_ innovation: Double) -> Alarm? {
        guard innovation.isFinite else { return nil }
        taken += 1
        for (path, isRise) in [(\CumulativeSum.rise, true), (\CumulativeSum.fall, false)] {
            let sum = self[keyPath: path].sum + (isRise ? innovation : -innovation) - slack
            if sum <= 0 { self[keyPath: path] = Side(sum: 0, start: taken) } else { self[keyPath: path].sum = sum }
        }
        let side = rise.sum >= fall.sum ? rise : fall
        guard side.sum >= threshold else { return nil }
        let alarm = Alarm(before: side.start, isRise: rise.sum >= fall.sum)
        (rise, fall) = (Side(sum: 0, start: taken), Side(sum: 0, start: taken))
        return alarm
    }
}
