/// What Dynamo's planner expects of the next interval; zeros before the first load are left out.
///
/// Source: ai-dynamo/dynamo planner/core/load/predictors.py at 260b6ae9. Its default fits an ARIMA model it chooses anew at every start and
/// is not reproduced.
public struct LoadPredictor: Sendable, Hashable {
    public enum Kind: String, Sendable, Codable, Hashable, CaseIterable {
        /// As the last one.
        case constant
        /// A level with a trend, followed by a Kalman filter.
        case kalman
    }

    public let kind: Kind
    private var last = 0.0
    private var level = 0.0
    private var trend = 0.0
    // Of the filter: variances of both and their covariance.
    private var ofLevel = 1_000.0
    private var ofBoth = 0.0
    private var ofTrend = 1_000.0
    private var hasBegun = false

    public init(_ kind: Kind) { self.kind = kind }

    public mutating func add(_ value: Double) {
        let value = value.isFinite ? value : 0
        guard value != 0 || hasBegun else { return }
        last = value
        guard hasBegun else {
            hasBegun = true
            level = value
            return
        }
        // The noise of level, trend and observation that it has by default.
        predict()
        let innovation = value - level
        let gain = (level: ofLevel / (ofLevel + 10), trend: ofBoth / (ofLevel + 10))
        level += gain.level * innovation
        trend += gain.trend * innovation
        ofTrend -= gain.trend * ofBoth
        ofBoth *= 1 - gain.level
        ofLevel *= 1 - gain.level
    }

    /// For the next interval; 0 before any load.
    public var next: Double {
        switch kind {
        case .constant: last
        case .kalman: hasBegun ? level + trend : 0
        }
    }

    private mutating func predict() {
        level += trend
        ofLevel += 2 * ofBoth + ofTrend + 1
        ofBoth += ofTrend
        ofTrend += 0.1
    }
}
