public import Policies

/// What a policy test's series say at one moment.
public struct PolicyTestReadings: ReadingSource {
    let series: [SeriesName: WrittenSeries]
    let interval: Duration
    let elapsed: Duration

    /// The series for this very window, or else the one for any; missing without either.
    public func reading(_ query: MetricQuery, over window: Duration) -> Reading {
        let found = series[SeriesName(query: query, window: window)] ?? series[SeriesName(query: query, window: nil)]
        guard let found, !found.points.isEmpty else { return .unknown(.missing) }
        let step = min(Int(elapsed / interval), found.points.count - 1)
        guard let newest = found.points[0...step].lastIndex(where: { $0 != .gap }) else { return .unknown(.missing) }
        let age = elapsed - interval * newest
        switch found.points[newest] {
        case .value(let value): return .value(.init(value, samples: found.samples, age: age))
        case .notFinite: return .unknown(.notFinite(count: 1))
        case .stale, .gap: return .unknown(.stale(age: age))
        }
    }
}

struct WrittenSeries: Sendable {
    var points: [SeriesPoint]
    var samples: Int
}

extension SeriesName {
    init(query: MetricQuery, window: Duration?) {
        self.query = query
        self.window = window
    }
}
