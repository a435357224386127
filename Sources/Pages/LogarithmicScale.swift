#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// Places positive values along an axis so that equal ratios are equal distances.
public struct LogarithmicScale: Sendable {
    private let low: Double
    private let high: Double
    private let from: Double
    private let to: Double

    /// - Parameter low: Greater than zero; it stands at `from`.
    /// - Parameter high: Not below `low`; it stands at `to`.
    public init(low: Double, high: Double, from: Double, to: Double) {
        self.low = low
        self.high = high
        self.from = from
        self.to = to
    }

    public func position(_ value: Double) -> Double {
        let range = log(high / low)
        return range > 0 ? from + (to - from) * log(value / low) / range : from
    }

    /// 1, 2 and 5 times powers of ten within the range, at most eight.
    public var ticks: [Double] {
        let first = Int(floor(log10(low)))
        let last = Int(ceil(log10(high)))
        guard first <= last else { return [] }
        let all = (first...last).flatMap { exponent in [1.0, 2, 5].map { $0 * pow(10, Double(exponent)) } }.filter {
            $0 >= low && $0 <= high
        }
        let tens = (first...last).map { pow(10, Double($0)) }.filter { $0 >= low && $0 <= high }
        return all.count <= 8 ? all : tens
    }
}
