/// A name and labels: what tells one series of a metrics page from another.
public struct MetricSeries: Sendable, Hashable {
    public var name: String
    public var labels: [String: String]

    public init(_ name: String, _ labels: [String: String] = [:]) {
        self.name = name
        self.labels = labels
    }
}

/// What a metrics page said.
public struct Exposition: Sendable, Hashable {
    public struct Sample: Sendable, Hashable {
        public var series: MetricSeries
        /// NaN and the infinities are values here.
        public var value: Double
        /// When the server says it was taken, in milliseconds since the epoch; most pages do not say.
        public var milliseconds: Int64?

        public init(series: MetricSeries, value: Double, milliseconds: Int64? = nil) {
            self.series = series
            self.value = value
            self.milliseconds = milliseconds
        }
    }

    /// In the order of the page.
    public var samples: [Sample] = []
    /// By family name, as the `TYPE` lines say: `counter`, `gauge`, `histogram`, …
    public var types: [String: String] = [:]

    public init() {}
}

/// Why a metrics page could not be read.
public struct ExpositionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// 1-based.
    public let line: Int
    /// What was expected and what was found, without values of labels.
    public let message: String

    public var description: String { "line \(line) of the metrics page: \(message)" }
}

/// How much of a metrics page is read.
public struct ExpositionLimits: Sendable, Hashable {
    public var bytes = 64 << 20
    public var lineBytes = 64 << 10
    public var series = 500_000
    public var labels = 64

    public init() {}
}
