public import Measurements
public import Policies
import Statistics

/// Builds the snapshot of a live cycle from measurements in windows and from what sources answered.
public struct LiveSnapshot: Sendable {
    private let policy: Policy
    private let windows: MeasurementWindows
    private let answers: [RecordedReading]

    /// - Parameters:
    ///   - windows: Measurements so far.
    ///   - answers: What sources that count for themselves say, best source first; they answer only what was not measured request by request.
    public init(policy: Policy, windows: MeasurementWindows, answers: [RecordedReading]) {
        self.policy = policy
        self.windows = windows
        self.answers = answers
    }

    /// The snapshot as of a moment.
    public func snapshot(at now: Timestamp, state: TargetState, history: ControlHistory) -> Snapshot {
        let longest = policy.longestWindow
        let sample = windows.window(endingAt: now, length: longest)
        let statistics = WindowStatistics(sample, span: Nanoseconds(seconds: longest.inSeconds))
        var snapshot = Snapshot(policy: policy.name, time: now, window: statistics, bottleneck: statistics.bottleneck)
        let firstTokens = windows.whole.distribution(of: .timeToFirstToken)
        snapshot.fastestTimeToFirstToken = firstTokens.count > 0 ? firstTokens.moments.minimum : nil
        snapshot.state = state
        snapshot.history = history
        snapshot.readings = readings(at: now, state: state)
        return snapshot
    }

    private func readings(at now: Timestamp, state: TargetState) -> [RecordedReading] {
        let measured = WindowReadings(windows: windows, end: now, whole: nil, isLive: true, policy: policy, state: state)
        return policy.questions.map { question in
            let reading = measured.reading(question.query, over: question.window)
            guard case .unknown = reading else { return RecordedReading(question, reading) }
            let told = answers.first { $0.query == question.query && $0.window == question.window }
            return RecordedReading(question, told?.reading ?? reading)
        }
    }
}

extension RecordedReading {
    fileprivate init(_ question: PolicyQuestion, _ reading: Reading) {
        self.init(query: question.query, window: question.window, reading: reading)
    }
}
