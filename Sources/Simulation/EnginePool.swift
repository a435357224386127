public import Measurements
import Statistics

/// Replicas of one engine behind a router that sends each request to the one with the fewest.
///
/// A value: a copy goes its own way from where it was made. Same seed, same calls, same output.
public struct EnginePool: Sendable {
    public let model: LatencyModel
    public private(set) var settings: EngineSettings
    public private(set) var now = Nanoseconds(0)
    public private(set) var totals = Totals()
    /// From the order of a replica to its first iteration.
    public let coldStart: Nanoseconds
    private let noise: Double
    private var generator: SplitMix64
    private var members: [Member] = []
    private var nextMember = 0
    /// Who has each request.
    private var places: [Int: Int] = [:]

    private struct Member: Sendable {
        let id: Int
        var replica: EngineReplica
        /// Ends what it has, and takes nothing new.
        var isDraining = false
    }

    /// Counted since the beginning.
    public struct Totals: Sendable, Hashable, Codable {
        public var submitted = 0
        public var finished = 0
        public var cancelled = 0
        /// Of the requests that were taken.
        public var promptTokens = 0
        public var generatedTokens = 0
        public var preemptions = 0
    }

    /// What the replicas hold now, all together.
    public struct Occupancy: Sendable, Hashable, Codable {
        public var running = 0
        public var waiting = 0
        public var cachedTokens = 0
        public var cacheTokens = 0
        /// Replicas that serve.
        public var ready = 0
        /// Replicas that are still starting.
        public var starting = 0

        /// 0...1; 0 without replicas.
        public var cacheUsage: Double { cacheTokens > 0 ? Double(cachedTokens) / Double(cacheTokens) : 0 }
    }

    /// - Parameters:
    ///   - settings: Valid ones. The first replicas are ready at once.
    ///   - coldStart: At least 0.
    ///   - noise: Deviation of the logarithm of an iteration's length; 0 for none.
    public init(model: LatencyModel, settings: EngineSettings, coldStart: Nanoseconds, noise: Double = 0.04, seed: UInt64) {
        precondition(settings.isValid, "settings are out of range: \(settings)")
        self.model = model
        self.settings = settings
        self.coldStart = coldStart
        self.noise = noise
        generator = SplitMix64(seed: seed)
        for _ in 0..<settings.replicas { addReplica(readyAt: now) }
    }

    /// When something happens next; `nil` where nothing is to be done.
    public var nextEvent: Nanoseconds? { members.compactMap(\.replica.nextEvent).min() }

    public var occupancy: Occupancy { occupancy(at: now) }

    /// What the replicas hold, and which of them have started by a time.
    public func occupancy(at time: Nanoseconds) -> Occupancy {
        members.reduce(into: Occupancy()) { sum, member in
            sum.running += member.replica.running.count
            sum.waiting += member.replica.waiting.count
            sum.cachedTokens += member.replica.cachedTokens
            sum.cacheTokens += model.cacheTokens
            guard !member.isDraining else { return }
            if member.replica.readyAt <= max(now, time) { sum.ready += 1 } else { sum.starting += 1 }
        }
    }

    /// Requests that run on replicas which have more than the settings allow.
    public var overLimit: Int { members.reduce(0) { $0 + max(0, $1.replica.running.count - settings.maxNumSeqs) } }

    /// Takes a request, to be advanced to before; one that is to come later waits until then.
    public mutating func submit(_ request: SimulatedRequest) throws(RequestRefusal) {
        guard request.promptTokens > 0, request.outputTokens > 0 else { throw .emptyPromptOrAnswer }
        let (tokens, isTooMany) = request.promptTokens.addingReportingOverflow(request.outputTokens)
        guard !isTooMany, tokens <= model.cacheTokens else {
            throw .tooLong(tokens: isTooMany ? .max : tokens, limit: model.cacheTokens)
        }
        guard places[request.id] == nil else { throw .repeatedIdentifier(request.id) }
        var request = request
        request.arrival = max(request.arrival, now)
        let index = emptiest()
        members[index].replica.submit(request)
        places[request.id] = members[index].id
        totals.submitted += 1
        totals.promptTokens += request.promptTokens
    }

    /// Takes a request out; one that is not here is left alone.
    /// - Returns: Whether it was here.
    @discardableResult
    public mutating func cancel(_ id: Int) -> Bool {
        guard let place = places.removeValue(forKey: id), let index = members.firstIndex(where: { $0.id == place }) else { return false }
        _ = members[index].replica.cancel(id)
        totals.cancelled += 1
        removeDrained()
        return true
    }

    /// Goes on to a time; one that has passed changes nothing.
    /// - Parameter recordingTokens: Whether each token is told, beside each answer.
    public mutating func advance(to time: Nanoseconds, recordingTokens: Bool = true) -> EngineOutput {
        var output = EngineOutput()
        while let index = members.indices.min(by: { isEarlier(members[$0], members[$1]) }),
            let next = members[index].replica.nextEvent, next <= time
        {
            now = max(now, next)
            let before = members[index].replica.preemptions
            members[index].replica.step(into: &output, recordingTokens: recordingTokens)
            totals.preemptions += members[index].replica.preemptions - before
        }
        now = max(now, time)
        totals.generatedTokens += output.generatedTokens
        totals.finished += output.completions.count
        for completion in output.completions { places[completion.request.id] = nil }
        removeDrained()
        return output
    }

    /// Sets the knobs: limits count from the next iteration on, added replicas start cold, and those that are too many end what they have.
    public mutating func set(_ new: EngineSettings, at time: Nanoseconds) {
        precondition(new.isValid, "settings are out of range: \(new)")
        settings = new
        for index in members.indices { members[index].replica.take(new) }
        var serving = members.indices.filter { !members[$0].isDraining }
        while serving.count < new.replicas {
            serving.append(members.count)
            addReplica(readyAt: max(now, time) + coldStart)
        }
        // Those that are still starting go first, then those with the least to do.
        serving.sort { one, other in
            let (one, other) = (members[one].replica, members[other].replica)
            return (max(one.readyAt, now), -one.load) > (max(other.readyAt, now), -other.load)
        }
        for index in serving.prefix(serving.count - new.replicas) { members[index].isDraining = true }
        removeDrained()
    }

    // MARK: Members

    private mutating func addReplica(readyAt: Nanoseconds) {
        let replica = EngineReplica(model: model, settings: settings, readyAt: readyAt, seed: generator.next(), noise: noise)
        members.append(Member(id: nextMember, replica: replica))
        nextMember += 1
    }

    private mutating func removeDrained() { members.removeAll { $0.isDraining && $0.replica.load == 0 } }

    /// Ready ones before starting ones, then the one with the fewest requests, then the oldest.
    private func emptiest() -> Int {
        let serving = members.indices.filter { !members[$0].isDraining }
        let best = serving.min { one, other in
            let (one, other) = (members[one], members[other])
            return (max(one.replica.readyAt, now), one.replica.load, one.id) < (
                max(other.replica.readyAt, now), other.replica.load, other.id
            )
        }
        return best!  // Valid settings leave at least one that serves.
    }

    private func isEarlier(_ one: Member, _ other: Member) -> Bool {
        switch (one.replica.nextEvent, other.replica.nextEvent) {
        case (let first?, let second?): (first, one.id) < (second, other.id)
        case (_?, nil): true
        default: false
        }
    }
}
