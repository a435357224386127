extension RateSeries {
    /// Reads a table with the columns `t_s` and `rate_rps` at even steps, as summed up from ServeGen's clients.
    /// - Parameter csv: UTF-8.
    /// - Throws: ``TraceError`` with the line.
    public init(csv: [UInt8]) throws(TraceError) {
        var table = try NumberTable(csv)
        let time = try table.column(required: "t_s")
        let rate = try table.column(required: "rate_rps")
        var times: [Double] = []
        var rates: [Double] = []
        while try table.next() {
            times.append(try table.number(time, in: TraceLimits.seconds))
            rates.append(try table.number(rate, in: TraceLimits.rate))
            let step = times.count > 1 ? times[1] - times[0] : 0
            guard times.count < 2 || (step > 0 && abs(times[times.count - 1] - times[0] - step * Double(times.count - 1)) < 1e-6 * step)
            else {
                throw TraceError(line: table.line, "expected times at even rising steps, found \(times[times.count - 1]) s")
            }
        }
        guard times.count > 1 else { throw TraceError("expected at least two rows of rates, found \(times.count)") }
        self.init(stepSeconds: times[1] - times[0], rates: rates)
    }
}
