import EngineModels
import Measurements

@testable import Simulation

/// The same engine without any leaps and clever structures: every iteration one by one, every token counted.
struct SteppingReference {
    struct Job {
        let request: SimulatedRequest
        var made = 0
        var read = 0
        var target: Int
        var isDecoding = false
        var firstToken: Int64 = -1
        var finished: Int64 = -1
        var preemptions = 0
    }

    var jobs: [Job]
    let settings: EngineSettings
    let capacity: Int
    let cost: IterationCost
    private var running: [Int] = []
    private var waiting: [Int] = []

    init(_ world: RandomWorld) {
        jobs = world.requests.map { Job(request: $0, target: $0.inputTokens) }
        settings = world.setup.settings
        capacity = world.setup.profile.cacheTokens(under: settings)
        cost = IterationCost(world.setup.profile.latency(under: settings))
    }

    private func context(_ job: Int) -> Int {
        jobs[job].isDecoding ? jobs[job].request.inputTokens + jobs[job].made : jobs[job].target
    }

    private var reserved: Int { running.map(context).reduce(0, +) }

    mutating func run() {
        var now: Int64 = 0
        var arriving = jobs.indices.filter { jobs[$0].request.inputTokens + jobs[$0].request.outputTokens <= capacity }[...]
        while !arriving.isEmpty || !waiting.isEmpty || !running.isEmpty {
            if waiting.isEmpty, running.isEmpty, let next = arriving.first {
                now = max(now, jobs[next].request.arrival.count * 1_000)
            }
            while let next = arriving.first, jobs[next].request.arrival.count * 1_000 <= now { waiting.append(arriving.removeFirst()) }
            iterate(&now)
        }
    }

    private mutating func iterate(_ now: inout Int64) {
        var lostPlaces = false
        while reserved + running.count > capacity, let latest = running.max() {
            running.removeAll { $0 == latest }
            waiting.insert(latest, at: 0)
            jobs[latest].target = jobs[latest].request.inputTokens + jobs[latest].made
            jobs[latest].isDecoding = false
            jobs[latest].preemptions += 1
            lostPlaces = true
        }
        let decoding = running.filter { jobs[$0].isDecoding }
        var chunks: [(job: Int, length: Int)] = []
        var budget = settings.maxNumBatchedTokens - decoding.count
        for job in running where !jobs[job].isDecoding {
            chunks.append((job, min(budget, jobs[job].target - jobs[job].read)))
            budget -= chunks[chunks.count - 1].length
        }
        while !lostPlaces, budget > 0, let head = waiting.first, running.count < settings.maxNumSeqs,
            reserved + jobs[head].target + running.count + 1 <= capacity
        {
            running.append(waiting.removeFirst())
            jobs[head].read = min(jobs[head].request.cachedTokens, jobs[head].request.inputTokens - 1)
            chunks.append((head, min(budget, jobs[head].target - jobs[head].read)))
            budget -= chunks[chunks.count - 1].length
        }
        let tokens = decoding.count + chunks.map(\.length).reduce(0, +)
        let pairs = chunks.map { $0.length * (2 * jobs[$0.job].read + $0.length) }.reduce(0, +)
        now += cost.iteration(
            tokens: Int64(tokens), cached: Int64(decoding.map(context).reduce(0, +)), doubledPairs: Int64(pairs))
        for job in decoding { jobs[job].made += 1 }
        for (job, length) in chunks {
            jobs[job].read += length
            guard jobs[job].read == jobs[job].target else { continue }
            jobs[job].made += 1
            jobs[job].isDecoding = true
            if jobs[job].firstToken < 0 { jobs[job].firstToken = now }
        }
        for job in running where jobs[job].made == jobs[job].request.outputTokens { jobs[job].finished = now }
        running.removeAll { jobs[$0].finished >= 0 }
    }
}
