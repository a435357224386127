public import Measurements

extension RequestTrace {
    /// Reads a table of requests; its columns tell which.
    ///
    /// Known are `TIMESTAMP,ContextTokens,GeneratedTokens` (Azure, 2023 and 2024), `Timestamp,Request tokens,Response tokens` (BurstGPT,
    /// seconds), and `t_s,in_tokens,out_tokens` with an optional `prefix_hit_blocks512` (blocks of 512 tokens that the cache has). Times count
    /// from the first request where they are dates. Requests without an answer, as BurstGPT has them for failures, are skipped.
    /// - Parameter csv: UTF-8.
    /// - Throws: ``TraceError`` with the line.
    public init(csv: [UInt8]) throws(TraceError) {
        var table = try NumberTable(csv)
        let time = try table.column(required: "TIMESTAMP", "t_s")
        let input = try table.column(required: "ContextTokens", "Request tokens", "in_tokens")
        let output = try table.column(required: "GeneratedTokens", "Response tokens", "out_tokens")
        let blocks = table.column("prefix_hit_blocks512")
        var requests: [SimulatedRequest] = []
        var first: Timestamp?
        var skipped = 0
        while try table.next() {
            let arrival = try Self.arrival(table, time, since: &first)
            let inputTokens = try table.count(input, in: 0...TraceLimits.tokens.upperBound)
            let outputTokens = try table.count(output, in: 0...TraceLimits.tokens.upperBound)
            guard inputTokens > 0, outputTokens > 0 else {
                skipped += 1
                continue
            }
            let cached = try blocks.map { column throws(TraceError) in try table.count(column, in: 0...TraceLimits.tokens.upperBound) }
            guard requests.count < TraceLimits.requests else {
                throw TraceError(line: table.line, "more than \(TraceLimits.requests) requests")
            }
            requests.append(
                SimulatedRequest(
                    id: requests.count, arrival: arrival, inputTokens: inputTokens, outputTokens: outputTokens,
                    cachedTokens: min((cached ?? 0) * 512, inputTokens - 1)))
        }
        self.init(requests, skipped: skipped)
    }

    /// A number of seconds, or a date since the first one.
    private static func arrival(_ table: NumberTable, _ column: Int, since first: inout Timestamp?) throws(TraceError) -> Nanoseconds {
        let word = table.text(column)
        if first == nil, let seconds = Double(word) {
            guard TraceLimits.seconds.contains(seconds) else { throw table.unexpected(word, column, "seconds in \(TraceLimits.seconds)") }
            return Nanoseconds(seconds: seconds)
        }
        guard let moment = Timestamp(iso8601: word) else { throw table.unexpected(word, column, "a date and time") }
        let begin = first ?? moment
        first = begin
        let arrival = moment.since(begin)
        guard TraceLimits.seconds.contains(arrival.seconds) else {
            throw table.unexpected(word, column, "a time up to 100 days after the first request")
        }
        return arrival
    }

    /// The load that measurements show: when requests were sent, and how many tokens they had.
    ///
    /// Measurements without a time or without counts of tokens, such as failed ones, are skipped, and those more than 100 days after the first.
    public init(_ measurements: some Sequence<InferenceMeasurement>) {
        var seen: [(time: Timestamp, input: Int, output: Int)] = []
        var skipped = 0
        for measurement in measurements {
            guard let time = measurement.intendedTime ?? measurement.time, let input = measurement.inputTokens,
                let output = measurement.outputTokens, TraceLimits.tokens.contains(input), TraceLimits.tokens.contains(output)
            else {
                skipped += 1
                continue
            }
            seen.append((time, input, output))
        }
        let begin = seen.map(\.time).min()
        let requests = seen.enumerated().map { index, request in
            SimulatedRequest(
                id: index, arrival: begin.map(request.time.since) ?? Nanoseconds(0), inputTokens: request.input,
                outputTokens: request.output)
        }
        let near = requests.filter { TraceLimits.seconds.contains($0.arrival.seconds) }
        self.init(near, skipped: skipped + requests.count - near.count)
    }
}
