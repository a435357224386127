/// How many replicas a HorizontalPodAutoscaler (autoscaling/v2) wants for the values of one metric, before its behavior limits them.
///
/// Source: Kubernetes pkg/controller/podautoscaler/replica_calculator.go, `calcPlainMetricReplicas` and `GetExternalPerPodMetricReplicas`.
public struct DesiredReplicas: Sendable, Hashable {
    /// Above 0.
    public var target: Double
    /// Ratios of value and target within `1 − down ... 1 + up` change nothing.
    public var toleranceUp: Double
    public var toleranceDown: Double

    public init(target: Double, toleranceUp: Double = 0.1, toleranceDown: Double = 0.1) {
        self.target = target
        self.toleranceUp = toleranceUp
        self.toleranceDown = toleranceDown
    }

    /// A closed interval: the difference of the ratio and 1 would be rounded wrongly at its ends.
    func isWithinTolerance(_ ratio: Double) -> Bool { 1 - toleranceDown <= ratio && ratio <= 1 + toleranceUp }

    /// For a metric of type Pods.
    /// - Parameters:
    ///   - values: Of pods that are ready.
    ///   - unready: Pods that are pending; they count as idle where replicas would be added.
    ///   - missing: Pods without a value; they count as idle where replicas would be added, and as loaded where they would be removed.
    ///   - current: Replicas asked for.
    /// - Returns: `nil` where no pod has a value, and nothing is to be changed.
    public func forPods(_ values: [Double], unready: Int = 0, missing: Int = 0, current: Int) -> Int? {
        guard !values.isEmpty else { return nil }
        let sum = values.reduce(0, +)
        let ratio = sum / Double(values.count) / target
        let scalesUpWithUnready = unready > 0 && ratio > 1
        if !scalesUpWithUnready && missing == 0 {
            return isWithinTolerance(ratio) ? current : Int((ratio * Double(values.count)).rounded(.up))
        }
        let filled = sum + (ratio < 1 ? Double(missing) * target : 0)
        let pods = values.count + missing + (scalesUpWithUnready ? unready : 0)
        let filledRatio = filled / Double(pods) / target
        if isWithinTolerance(filledRatio) || (ratio < 1 && filledRatio > 1) || (ratio > 1 && filledRatio < 1) { return current }
        let desired = Int((filledRatio * Double(pods)).rounded(.up))
        if (filledRatio < 1 && desired > current) || (filledRatio > 1 && desired < current) { return current }
        return desired
    }

    /// For a metric of type External with an average value.
    /// - Parameter sum: Over all replicas.
    public func forExternal(sum: Double, current: Int) -> Int {
        if current > 0, isWithinTolerance(sum / (target * Double(current))) { return current }
        return Int((sum / target).rounded(.up))
    }
}
