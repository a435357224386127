public import EngineModels
public import Measurements

/// Replicas of an engine behind a router: a discrete-event simulation that is advanced to a time.
///
/// Everything is a function of the setup and of the calls; the same seed gives the same bytes, however finely time is advanced. Times count
/// from the beginning of the pool and reach 100 days.
public struct EnginePool: Sendable {
    var setup: PoolSetup
    var members: ContiguousArray<PoolMember> = []
    /// Replicas asked for.
    var wanted: Int
    var nextNumber = 0
    /// Groups that were drawn so far.
    var trialsBegun = 0
    /// Counts the engines this pool has had.
    var revision = 0
    /// Two groups of which one is to have other settings; `nil` where all are alike.
    var trial: PoolTrial?
    /// Picoseconds.
    var now: Int64 = 0
    /// Of the earliest replica to become ready.
    var nextReady = Int64.max
    /// Came while no replica was ready.
    private var gateway: ContiguousArray<SimulatedRequest> = []
    private var turn = 0
    /// Not yet taken: of replicas that are gone, of requests that came to none, and of those whose last token is on its way.
    var outcomes: ContiguousArray<RequestOutcome> = []
    var tokens: ContiguousArray<TokenEvent> = []
    var retired = ReplicaTotals()
    /// Picoseconds for which replicas were there that are gone.
    var retiredTime: Int128 = 0
    private(set) var submitted = 0
    private(set) var refused = 0
    private(set) var cancelledAtGateway = 0

    public static let longestTime = Nanoseconds(seconds: 100 * 86_400)

    /// - Parameter setup: With settings that have no ``EngineSettings/problem(with:)`` and `0...1024` replicas; otherwise traps.
    public init(_ setup: PoolSetup) {
        precondition((0...PoolSetup.maximumReplicas).contains(setup.replicas), "a pool of \(setup.replicas) replicas")
        if let problem = setup.settings.problem(with: setup.profile) { preconditionFailure(problem) }
        self.setup = setup
        wanted = setup.replicas
        for _ in 0..<setup.replicas { addMember(isCold: false) }
    }

    public var time: Nanoseconds { Nanoseconds(picoseconds: now) }
    public var settings: EngineSettings { setup.settings }
    public var replicas: Int { wanted }
    public var profile: EngineProfile { setup.profile }

    /// Why a replica with the settings in force would never serve such a request; `nil` where it would.
    public func refusal(inputTokens: Int, outputTokens: Int) -> RequestRefusal? {
        guard inputTokens > 0, outputTokens > 0 else { return .emptyPromptOrAnswer }
        let limit = profile.cacheTokens(under: settings)
        let (tokens, isTooMany) = inputTokens.addingReportingOverflow(outputTokens)
        if isTooMany { return .tooLong(tokens: .max, limit: limit) }
        return tokens > limit ? .tooLong(tokens: tokens, limit: limit) : nil
    }

    /// Does everything that ends by a time, which is not before ``time`` and at most ``longestTime``; otherwise traps.
    public mutating func advance(to time: Nanoseconds) {
        proceed(to: time)
        for index in members.indices where !members[index].isStarting { members[index].replica.advance(to: now) }
        if members.contains(where: \.isDraining) { removeDrained() }
    }

    /// Hands a request to a replica at its arrival, which is not before ``time``; otherwise traps.
    public mutating func submit(_ request: SimulatedRequest) {
        precondition(request.inputTokens > 0 && request.outputTokens > 0, "request \(request.id) has an empty prompt or answer")
        proceed(to: request.arrival)
        submitted += 1
        route(request)
    }

    /// Takes a request back at ``time``; one that is not under way is left alone.
    public mutating func cancel(_ id: Int) {
        advance(to: time)
        if let place = gateway.firstIndex(where: { $0.id == id }) {
            cancelledAtGateway += 1
            leave(gateway.remove(at: place), ending: .cancelled)
        } else {
            for index in members.indices where !members[index].isStarting && members[index].replica.cancel(id, at: now) { return }
        }
    }

    /// Requests that ended for their clients since the last call, up to ``time``, in order of their last token.
    public mutating func takeOutcomes() -> [RequestOutcome] {
        for index in members.indices {
            outcomes += members[index].replica.outcomes
            members[index].replica.outcomes.removeAll(keepingCapacity: true)
        }
        let now = time
        let seen = outcomes.partition { $0.lastToken <= now }
        defer { outcomes.removeSubrange(seen...) }
        return outcomes[seen...].sorted { ($0.lastToken, $0.id) < ($1.lastToken, $1.id) }
    }

    /// Tokens that came to clients since the last call, up to ``time``, in order of time; empty where the setup does not listen.
    public mutating func takeTokens() -> [TokenEvent] {
        for index in members.indices {
            tokens += members[index].replica.tokens
            members[index].replica.tokens.removeAll(keepingCapacity: true)
        }
        let now = time
        let seen = tokens.partition { $0.time <= now }
        defer { tokens.removeSubrange(seen...) }
        return tokens[seen...].sorted { ($0.time, $0.request, $0.tokenIndex) < ($1.time, $1.request, $1.tokenIndex) }
    }

    /// When the next token comes to a client, an iteration ends or a replica begins to serve, whichever is first; `nil` where nothing is
    /// under way. As of the last advance.
    public var nextEvent: Nanoseconds? {
        var next = nextReady
        for member in members where !member.isStarting { next = min(next, member.replica.iterationEnd ?? .max) }
        let token = (tokens.map(\.time) + members.flatMap { $0.replica.tokens.map(\.time) }).min()
        return [next == .max ? nil : Nanoseconds(picoseconds: next + 999), token].compactMap(\.self).min()
    }

    /// Requests in front of the pool, while no replica is ready.
    public var gatewayCount: Int { gateway.count }

    // MARK: Time and routing

    /// Brings the time forward, and replicas only as far as is needed to know how many requests each has.
    private mutating func proceed(to time: Nanoseconds) {
        precondition(time <= Self.longestTime, "\(time.seconds) s is beyond the 100 days of a pool")
        let end = time.picoseconds
        precondition(end >= now - 999, "the pool is at \(self.time.count) ns and cannot go back to \(time.count) ns")
        while nextReady <= end {
            catchUp(to: nextReady)
            takeIn()
        }
        catchUp(to: max(now, end))
    }

    private mutating func catchUp(to time: Int64) {
        now = time
        for index in members.indices where members[index].replica.quietUntil <= time && !members[index].isStarting {
            members[index].replica.advance(to: time)
        }
    }

    /// Replicas whose start is over begin to serve, those who waited for one first.
    private mutating func takeIn() {
        for index in members.indices where members[index].phase == .starting(readyAt: nextReady) { members[index].phase = .ready }
        if !gateway.isEmpty {
            let queued = gateway
            gateway.removeAll()
            for request in queued { route(request) }
        }
        reconcile()
    }

    private mutating func route(_ request: SimulatedRequest) {
        guard let chosen = choose() else { return gateway.append(request) }
        guard members[chosen].replica.hasRoom(for: request) else {
            refused += 1
            return leave(request, ending: .refused)
        }
        members[chosen].replica.advance(to: now)
        members[chosen].replica.submit(request, at: now)
    }

    private mutating func choose() -> Int? {
        switch setup.routing {
        case .leastRequests: return leastLoaded(byTokens: false)
        case .leastTokens:
            for index in members.indices where members[index].isReady { members[index].replica.advance(to: now) }
            return leastLoaded(byTokens: true)
        case .roundRobin:
            guard !members.isEmpty else { return nil }
            for _ in members.indices {
                turn = (turn + 1) % members.count
                if members[turn].isReady { return turn }
            }
            return nil
        }
    }

    /// The ready member with the fewest requests or tokens; of equals the oldest.
    private func leastLoaded(byTokens: Bool) -> Int? {
        var best: Int?
        var least = Int.max
        for index in members.indices where members[index].isReady {
            let load = byTokens ? Int(members[index].replica.tokenLoad) : members[index].replica.load
            guard load < least else { continue }
            least = load
            best = index
        }
        return best
    }

    /// Ends a request that came to no replica.
    private mutating func leave(_ request: SimulatedRequest, ending: RequestOutcome.Ending) {
        var slot = RequestSlot(request, sequence: 0, readyAt: now)
        slot.scheduled = now
        outcomes.append(RequestOutcome(slot, ending: ending, generated: 0, lastToken: now, replica: -1))
    }
}
