internal import Policies
internal import Statistics

extension LatencyStatistic {
    /// `mean`, or a percentile above 0 and below 100 such as `p95` or `p99.9`.
    init?(fileName: String) {
        if fileName == "mean" {
            self = .mean
            return
        }
        guard fileName.hasPrefix("p"), let percent = QuantityText.number(fileName.dropFirst()), percent >= 1, percent <= 99.99 else {
            return nil
        }
        self = .percentile(Percentile(percent: percent))
    }
}
