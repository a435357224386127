public import Statistics

/// How contestants did under the same loads.
public struct Scorecard: Sendable, Hashable {
    /// In the order they are shown.
    public var rows: [Row]
    /// What they were tried on.
    public var circumstances: Circumstances
    /// Trials, by what all their chances came from.
    public var seeds: [UInt64]

    public init(rows: [Row], circumstances: Circumstances, seeds: [UInt64]) {
        self.rows = rows
        self.circumstances = circumstances
        self.seeds = seeds
    }

    /// One contestant.
    public struct Row: Sendable, Hashable {
        public var name: String
        /// By seed, in the order of the seeds; a figure that is not there is not known, which is not 0.
        public var figures: [[ScoreFigure: Double]]

        public init(name: String, figures: [[ScoreFigure: Double]]) {
            self.name = name
            self.figures = figures
        }

        /// The mean over the seeds that have the figure; `nil` where none has.
        public func estimate(_ figure: ScoreFigure) -> SeedEstimate? { SeedEstimate(figures.compactMap { $0[figure] }) }

        /// How much more this contestant has than another one on the same seed, in the mean over the seeds where both have the figure.
        public func difference(_ figure: ScoreFigure, to other: Row) -> SeedEstimate? {
            SeedEstimate(
                zip(figures, other.figures).compactMap { mine, theirs in
                    mine[figure].flatMap { mine in theirs[figure].map { mine - $0 } }
                })
        }
    }

    /// What contestants were tried on, in words and figures for people.
    public struct Circumstances: Sendable, Codable, Hashable {
        public var trace: String
        public var requests: Int
        public var seconds: Double
        public var meanInputTokens: Double
        public var meanOutputTokens: Double
        public var engine: String
        public var objective: String
        /// Share of requests; minutes below it are missed.
        public var target: Double
        public var warmUpSeconds: Double
        public var coldStartSeconds: Double
        public var minimumReplicas: Int
        public var maximumReplicas: Int
        public var replicasAtFirst: Int
        /// What a reader must know to judge the figures, a sentence each.
        public var notes: [String]

        public init(
            trace: String, requests: Int, seconds: Double, meanInputTokens: Double, meanOutputTokens: Double, engine: String,
            objective: String, target: Double, warmUpSeconds: Double, coldStartSeconds: Double, minimumReplicas: Int, maximumReplicas: Int,
            replicasAtFirst: Int, notes: [String] = []
        ) {
            self.trace = trace
            self.requests = requests
            self.seconds = seconds
            self.meanInputTokens = meanInputTokens
            self.meanOutputTokens = meanOutputTokens
            self.engine = engine
            self.objective = objective
            self.target = target
            self.warmUpSeconds = warmUpSeconds
            self.coldStartSeconds = coldStartSeconds
            self.minimumReplicas = minimumReplicas
            self.maximumReplicas = maximumReplicas
            self.replicasAtFirst = replicasAtFirst
            self.notes = notes
        }
    }

    /// The contestant that others are held against: the first.
    public var reference: Row? { rows.first }

    /// The rows that no other beats in both attainment and GPU-hours, cheapest first.
    public var paretoFront: [Row] {
        func place(_ row: Row) -> (attainment: Double, hours: Double)? {
            guard let attainment = row.estimate(.attainment), let hours = row.estimate(.gpuHours) else { return nil }
            return (attainment.mean, hours.mean)
        }
        let placed = rows.compactMap { row in place(row).map { (row: row, place: $0) } }
        let front = placed.filter { one in
            !placed.contains { other in
                let (mine, theirs) = (one.place, other.place)
                return theirs.attainment >= mine.attainment && theirs.hours <= mine.hours
                    && (theirs.attainment > mine.attainment || theirs.hours < mine.hours)
            }
        }
        return front.sorted { ($0.place.hours, $0.row.name) < ($1.place.hours, $1.row.name) }.map(\.row)
    }
}

/// A mean over seeds with what it may be off by.
public struct SeedEstimate: Sendable, Codable, Hashable {
    public let mean: Double
    /// Of 95 %, after Student, the seeds taken as independent draws; `nil` for a single seed.
    public let interval: ConfidenceInterval?
    public let seeds: Int

    /// - Returns: `nil` without a value.
    init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        var moments = RunningMoments()
        for value in values { moments.record(value) }
        mean = moments.mean
        seeds = values.count
        interval = moments.sampleVariance.map { variance in
            let error = (variance / Double(values.count)).squareRoot()
            let width = studentQuantile(0.975, degreesOfFreedom: Double(values.count - 1)) * error
            return ConfidenceInterval(lower: moments.mean - width, upper: moments.mean + width, confidence: 0.95)
        }
    }
}
