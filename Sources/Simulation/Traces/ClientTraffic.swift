public import Measurements
import Statistics

/// Clients with rates and bursts of their own, known in windows: what many of them send together is burstier than Poisson's.
///
/// Each is a renewal process of rate 1 with the gaps of its window, stretched in time to its rate. Source: Y. Xiang et al., ServeGen,
/// arXiv:2505.09999.
public struct ClientTraffic: Sendable, Hashable {
    public let windowSeconds: Double
    public private(set) var clients: [Client]

    public struct Client: Sendable, Hashable {
        public let name: String
        /// Requests per second and gaps, one for each window from time 0 on.
        public internal(set) var rates: [Double]
        public internal(set) var processes: [ArrivalProcess]
    }

    /// All clients together.
    public var rates: RateSeries {
        let windows = clients.map(\.rates.count).max() ?? 0
        let sums = (0..<windows).map { window in clients.reduce(0.0) { $0 + ($1.rates.indices.contains(window) ? $1.rates[window] : 0) } }
        return RateSeries(stepSeconds: windowSeconds, rates: sums)
    }

    /// All rates multiplied; bursts keep their coefficients of variation.
    public func scaled(by factor: Double) -> ClientTraffic {
        var scaled = self
        for client in clients.indices { scaled.clients[client].rates = clients[client].rates.map { $0 * factor } }
        return scaled
    }

    /// When requests come before an end, in order; each client has draws of its own, so that one more changes nothing for the others.
    /// - Parameter isCancelled: Asked every 4 096 requests; once it says so the rest is left out.
    public func arrivals(before end: Nanoseconds, seed: UInt64, unless isCancelled: () -> Bool = { false }) -> [Nanoseconds] {
        var times: [Nanoseconds] = []
        for (index, client) in clients.enumerated() {
            var draws = NormalDraws(SplitMix64(seed: seed &+ UInt64(index + 1) &* 0xA24B_AED4_963E_E407))
            let series = RateSeries(stepSeconds: windowSeconds, rates: client.rates)
            var expected = 0.0
            var window = 0
            while client.processes.indices.contains(window) {
                expected += client.processes[window].nextGap(&draws)
                guard let moment = series.moment(expecting: expected), moment < end.seconds else { break }
                window = min(Int(moment / windowSeconds), client.processes.count - 1)
                if times.count % 4_096 == 0, isCancelled() { return times }
                times.append(Nanoseconds(seconds: moment))
            }
        }
        return times.sorted()
    }

    /// Requests at those times, with lengths drawn from a trace that has at least one.
    /// - Parameter isCancelled: See ``arrivals(before:seed:unless:)``.
    public func trace(
        before end: Nanoseconds, lengthsLike lengths: RequestTrace, seed: UInt64, unless isCancelled: () -> Bool = { false }
    ) -> RequestTrace {
        precondition(!lengths.requests.isEmpty, "an empty trace has no lengths")
        var draws = SplitMix64(seed: seed ^ 0x5851_F42D_4C95_7F2D)
        let requests = arrivals(before: end, seed: seed, unless: isCancelled).enumerated().map { index, time in
            let like = lengths.requests[Int(draws.next() % UInt64(lengths.requests.count))]
            return SimulatedRequest(id: index, arrival: time, inputTokens: like.inputTokens, outputTokens: like.outputTokens)
        }
        return RequestTrace(requests, span: end)
    }
}

extension ClientTraffic {
    /// Reads a table with the columns `client`, `t_s`, `rate_rps`, `cv`, `family` (Gamma or Weibull) and `arg1`, the shape.
    ///
    /// Windows without a row have rate 0. Gaps of Gamma follow `cv`, those of Weibull its shape, those of other families are Poisson's. Both
    /// are held to coefficients of variation up to about 10: beyond it they were fitted to a handful of requests.
    /// - Parameters:
    ///   - csv: UTF-8.
    ///   - windowSeconds: Length of a window; times are multiples of it.
    /// - Throws: ``TraceError`` with the line.
    public init(csv: [UInt8], windowSeconds: Double = 600) throws(TraceError) {
        precondition(windowSeconds > 0, "a window of \(windowSeconds) s")
        var table = try NumberTable(csv)
        let client = try table.column(required: "client")
        let time = try table.column(required: "t_s")
        let rate = try table.column(required: "rate_rps")
        let variation = try table.column(required: "cv")
        let family = try table.column(required: "family")
        let shape = try table.column(required: "arg1")
        var places: [String: Int] = [:]
        var clients: [Client] = []
        var windows = 0
        while try table.next() {
            let name = table.text(client)
            let place = places[name] ?? clients.count
            if place == clients.count {
                guard clients.count < 10_000 else { throw TraceError(line: table.line, "more than 10000 clients") }
                places[name] = place
                clients.append(Client(name: name, rates: [], processes: []))
            }
            let window = Int((try table.number(time, in: TraceLimits.seconds) / windowSeconds).rounded())
            let process: ArrivalProcess =
                switch table.text(family).lowercased() {
                case "gamma": .gamma(variation: min(max(try table.number(variation, in: 0...1e6), 0.05), 10))
                case "weibull": .weibull(shape: min(max(try table.number(shape, in: 0...1e6), 0.23), 20))
                default: .poisson
                }
            windows += max(0, window + 1 - clients[place].rates.count)
            guard windows <= 5_000_000 else { throw TraceError(line: table.line, "more than 5000000 windows of clients") }
            clients[place].set(rate: try table.number(rate, in: TraceLimits.rate), process, window: window)
        }
        self.windowSeconds = windowSeconds
        self.clients = clients
    }
}

extension ClientTraffic.Client {
    fileprivate mutating func set(rate: Double, _ process: ArrivalProcess, window: Int) {
        while rates.count <= window {
            rates.append(0)
            processes.append(.poisson)
        }
        rates[window] = rate
        processes[window] = process
    }
}
