import Measurements
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A pool of batching engines as a flow, in steps of three seconds: drifting, daily and bursty load, noise that no load explains, and a
/// change that is made because a burst had just fired a trigger.
///
/// It is not the twin the verification uses: prefill shares iterations with decoding, batches need time to fill and drain, requests wait
/// where all slots are taken, and its constants are others.
struct SimulatedPool {
    var seed: UInt64
    /// The change multiplies every iteration's time by this.
    var slowdown = 1.0
    /// Load after the change in relation to before.
    var loadStep = 1.0
    var blocksBefore = 114
    var blocksAfter = 124
    /// Requests per second of the whole pool at the mean.
    var meanRate = 46.0
    /// Standard deviation of the log of the load, and how much of it stays from block to block.
    var loadDeviation = 0.2
    var loadMemory = 0.97
    var replicas = 8.0
    /// Blocks between the change and the first that is used.
    var settleBlocks = 4
    /// Standard deviation of the innovations of what no load explains.
    var unexplained = 0.012
    var bursts = true
    /// Whether blocks count arrivals besides ends.
    var countsArrivals = false

    static let blockSeconds = 15.0

    struct Run {
        var before: [LatencyBlock] = []
        var after: [LatencyBlock] = []
    }

    func run() -> Run {
        var random = Gaussian(seed: seed)
        let drift = random.next() * 0.15
        let phase = random.uniform() * 2 * .pi
        let burstBlocks = bursts ? blocksBefore - 4 - Int(random.uniform() * 2) : .max
        var engine = Engine()
        var logLoad = random.next() * loadDeviation
        var hidden = 0.0
        var burst = 0.0
        var run = Run()
        let count = blocksBefore + settleBlocks + blocksAfter
        for block in -12..<count {
            logLoad = loadMemory * logLoad + loadDeviation * (1 - loadMemory * loadMemory).squareRoot() * random.next()
            hidden = 0.7 * hidden + unexplained * random.next()
            burst *= 0.45
            if bursts, random.uniform() < 0.02 { burst += 0.2 + 0.2 * random.uniform() }
            if block == burstBlocks { burst += 0.35 + 0.25 * random.uniform() }
            let progress = Double(block) / Double(count)
            let day = 0.10 * sin(phase + 2 * .pi * Double(block) * Self.blockSeconds / 86_400 * 4)
            let isAfter = block >= blocksBefore
            let rate = meanRate * exp(logLoad + drift * progress + day) * (1 + burst) * (isAfter ? loadStep : 1)
            let inputTokens = 1_155 * exp(0.03 * random.next())
            let outputTokens = 211 * exp(0.03 * random.next())
            let factor = (isAfter ? slowdown : 1) * exp(hidden)
            var made = engine.advance(
                rate: rate / replicas, inputTokens: inputTokens, outputTokens: outputTokens, factor: factor)
            made.requests = random.poisson(made.finished * replicas)
            made.arrivals = countsArrivals ? random.poisson(rate * Self.blockSeconds) : nil
            let start = Timestamp(secondsSinceEpoch: 1_700_000_000 + Double(block + 12) * Self.blockSeconds)
            let latency = makeBlock(made, start: start, inputTokens, outputTokens, &random)
            if block >= 0 && block < blocksBefore { run.before.append(latency) }
            if block >= blocksBefore + settleBlocks { run.after.append(latency) }
        }
        return run
    }

    private func makeBlock(
        _ made: Engine.Made, start: Timestamp, _ inputTokens: Double, _ outputTokens: Double, _ random: inout Gaussian
    ) -> LatencyBlock {
        var block = LatencyBlock(start: start, length: .seconds(Self.blockSeconds), requests: made.requests)
        block.arrivals = made.arrivals
        guard made.requests > 0 else { return block }
        let root = Double(made.requests).squareRoot()
        block.logTimePerOutputToken = .init(mean: log(made.perToken) + 0.19 / root * random.next(), count: made.requests)
        block.logTimeToFirstToken = .init(mean: log(made.firstToken) + 0.74 / root * random.next(), count: made.requests)
        block.inputTokens = inputTokens + 1_000 / root * random.next()
        block.outputTokens = max(1, outputTokens + 160 / root * random.next())
        return block
    }
}

/// One replica.
private struct Engine {
    private var batch = 20.0
    private var waiting = 0.0

    struct Made {
        /// Seconds, means over the block.
        var perToken = 0.0
        var firstToken = 0.0
        /// Requests per replica that ended.
        var finished = 0.0
        var requests = 0
        var arrivals: Int?
    }

    mutating func advance(rate: Double, inputTokens: Double, outputTokens: Double, factor: Double) -> Made {
        var made = Made()
        let steps = 5
        let step = SimulatedPool.blockSeconds / Double(steps)
        for _ in 0..<steps {
            let cached = batch * (inputTokens + outputTokens / 2)
            let decode = Self.iteration(tokens: batch, cached: cached) * factor
            let chunk = min(512, inputTokens)
            let mixed = Self.iteration(tokens: batch + chunk, cached: cached) * factor
            // Share of iterations that carry a chunk of a prompt, were all of them that slow.
            let share = min(0.9, rate / 1_000 * inputTokens / chunk * (mixed - decode))
            let iteration = decode / (1 - share)
            let residence = outputTokens * iteration / 1_000
            let room = max(0, 128 - batch) / step + batch / residence
            let admitted = min(room, rate + waiting / step)
            waiting = max(0, waiting + (rate - admitted) * step)
            let target = admitted * residence
            let finished = batch / residence
            batch += (target - batch) * (1 - exp(-step / residence))
            made.perToken += iteration / 1_000 / Double(steps)
            made.firstToken +=
                (inputTokens / chunk * mixed + iteration) / 1_000 / Double(steps) + waiting / max(admitted, 0.1) / Double(steps)
            made.finished += finished * step
        }
        return made
    }

    /// Milliseconds.
    private static func iteration(tokens: Double, cached: Double) -> Double {
        2.25 + max(14.6 + 0.018 * tokens, 3.1 + 0.0537 * tokens) + 4.2e-5 * cached
    }
}

/// Normal deviates from a seed.
struct Gaussian {
    private var source: SplitMix64

    init(seed: UInt64) { source = SplitMix64(seed: seed &* 0x2545_F491_4F6C_DD1D &+ 1) }

    /// In `0..<1`.
    mutating func uniform() -> Double { Double(source.next() >> 11) * 0x1p-53 }

    mutating func next() -> Double { (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform()) }

    /// A count with this mean, by its normal approximation; never below 0.
    mutating func poisson(_ mean: Double) -> Int { max(0, Int((mean + mean.squareRoot() * next()).rounded())) }
}
