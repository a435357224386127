/// Searches the highest rate at which enough requests meet an objective: doubles the rate until they do not, then halves the distance.
///
/// Pure: it proposes a rate, is told what came of it, and proposes the next. Whether enough requests were good is decided by the 95 %
/// Wilson interval of their share; where that does not decide, the same rate is tried again and the counts are added.
public struct KneeSearch: Sendable, Hashable {
    public struct Settings: Sendable, Hashable {
        /// The first to be tried.
        public var start: Double
        /// Rates that are not gone below and above.
        public var bounds: ClosedRange<Double>
        /// Share of the requests that must be good, in `0...1`.
        public var attainment: Double
        /// How close the highest good rate and the lowest bad one must come, as a ratio minus 1.
        public var precision: Double
        /// At most.
        public var probes: Int
        /// Of one rate, while the interval does not decide; then the share itself does.
        public var repetitions: Int

        public init(
            start: Double = 1, bounds: ClosedRange<Double> = 0.1...10_000, attainment: Double = 0.95, precision: Double = 0.05,
            probes: Int = 24, repetitions: Int = 3
        ) {
            self.start = start
            self.bounds = bounds
            self.attainment = attainment
            self.precision = precision
            self.probes = probes
            self.repetitions = repetitions
        }

        /// What is wrong with its numbers; `nil` where they can be searched with.
        public var problem: String? {
            if !(bounds.lowerBound > 0 && bounds.upperBound <= 1e6) { return "rates lie above 0 and at most at 1000000/s, got \(bounds)" }
            if !bounds.contains(start) { return "the search starts within \(bounds), got \(start)" }
            if !(attainment > 0 && attainment < 1) { return "the share of good requests lies between 0 and 1, got \(attainment)" }
            if !(precision > 0) { return "the precision of a search lies above 0, got \(precision)" }
            return probes >= 1 && repetitions >= 1 ? nil : "a search has 1 probe and 1 repetition or more, got \(probes) and \(repetitions)"
        }
    }

    /// What came of a rate.
    public struct Outcome: Sendable, Hashable {
        /// Requests that met the objective.
        public var good: Int
        /// All that should have been answered, failed ones and those that were never sent included.
        public var total: Int

        public init(good: Int, total: Int) {
            self.good = good
            self.total = total
        }
    }

    public enum Step: Sendable, Hashable {
        case probe(requestsPerSecond: Double)
        case done(Result)
    }

    public struct Result: Sendable, Hashable {
        /// The highest rate that met the objective; `nil` where none did.
        public var highestGood: Double?
        /// The lowest rate that did not; `nil` where all did.
        public var lowestBad: Double?
        /// Tried, repetitions included.
        public var probes: Int
        /// Why it ended, in words for people.
        public var reason: String
    }

    public let settings: Settings
    public private(set) var next: Step
    private var counted = Outcome(good: 0, total: 0)
    private var repetition = 0
    private var probes = 0
    private var good: Double?
    private var bad: Double?

    /// - Parameter settings: Ones without a ``Settings/problem``; others trap.
    public init(_ settings: Settings) {
        precondition(settings.problem == nil, settings.problem ?? "")
        self.settings = settings
        next = .probe(requestsPerSecond: settings.start)
    }

    /// Tells what came of the rate that was proposed; nothing after the end.
    public mutating func record(_ outcome: Outcome) {
        guard case .probe(let rate) = next else { return }
        probes += 1
        repetition += 1
        counted.good += outcome.good
        counted.total += outcome.total
        guard let isGood = verdict() else {
            if probes >= settings.probes { end("the probes are used up") }
            return
        }
        counted = Outcome(good: 0, total: 0)
        repetition = 0
        if isGood { good = max(good ?? rate, rate) } else { bad = min(bad ?? rate, rate) }
        propose()
    }

    /// `nil` where the same rate is to be tried again.
    private func verdict() -> Bool? {
        guard counted.total > 0 else { return false }
        let interval = wilsonInterval(successes: counted.good, trials: counted.total)
        if interval.lowerBound >= settings.attainment { return true }
        if interval.upperBound < settings.attainment { return false }
        guard repetition >= settings.repetitions else { return nil }
        return Double(counted.good) / Double(counted.total) >= settings.attainment
    }

    private mutating func propose() {
        let rate: Double
        switch (good, bad) {
        case (let good?, let bad?):
            if bad <= good * (1 + settings.precision) { return end("the rates are close enough") }
            rate = (good * bad).squareRoot()
        case (let good?, nil):
            if good >= settings.bounds.upperBound { return end("the highest rate allowed meets the objective") }
            rate = min(good * 2, settings.bounds.upperBound)
        case (nil, let bad?):
            if bad <= settings.bounds.lowerBound { return end("the lowest rate allowed does not meet the objective") }
            rate = max(bad / 2, settings.bounds.lowerBound)
        case (nil, nil): return
        }
        if probes >= settings.probes { return end("the probes are used up") }
        next = .probe(requestsPerSecond: rate)
    }

    private mutating func end(_ reason: String) {
        next = .done(Result(highestGood: good, lowestBad: bad, probes: probes, reason: reason))
    }
}

/// The 95 % Wilson score interval of a share; stays inside `0...1` and holds for few trials.
///
/// Source: E. B. Wilson, JASA 22 (1927) 209-212, doi:10.1080/01621459.1927.10502953.
/// - Parameter trials: At least 1.
func wilsonInterval(successes: Int, trials: Int, z: Double = 1.959_964) -> ClosedRange<Double> {
    let n = Double(trials)
    let share = Double(successes) / n
    let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, min(share, centre - half))...min(1, max(share, centre + half))
}
