/// How far a value lies from a baseline, in standard deviations estimated robustly: `(x − median) / (1.4826 · MAD)`.
///
/// The median absolute deviation ignores up to half of the baseline being wild, where a standard deviation would be inflated by the
/// very anomalies it is to find. A baseline that hardly varies gets a deviation of at least `floor`, so that noise in a quiet series
/// is no anomaly.
///
/// Source: B. Iglewicz and D. C. Hoaglin, How to Detect and Handle Outliers, ASQC 1993.
/// - Parameters:
///   - value: Finite.
///   - baseline: Finite values; fewer than 8 give no score.
///   - floor: Smallest standard deviation assumed, in the unit of the values, at least 0.
/// - Returns: The signed distance, dimensionless; `nil` without a baseline or where both deviation and floor are zero.
public func robustScore(of value: Double, against baseline: [Double], floor: Double) -> Double? {
    guard baseline.count >= 8 else { return nil }
    let center = median(baseline)
    let deviation = max(1.4826 * median(baseline.map { abs($0 - center) }), floor)
    return deviation > 0 ? (value - center) / deviation : nil
}

/// The middle value, or the mean of the two middle ones; the sample is not empty.
public func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "a median needs a sample")
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
