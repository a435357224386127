public import Measurements
import Statistics

/// Plans request after request from weighted scenarios; the same seed plans the same requests.
///
/// Sessions go on as their answers come, so that the order of their turns depends on the server; what each turn says does not.
public struct Workload: Sendable {
    private let scenarios: [Scenario]
    private let totalWeight: Double
    private let seed: UInt64
    private var generator: SplitMix64
    private var cursors: [Int]
    private var planned = 0
    private var sessions = 0
    private var open: [Int: Session] = [:]
    private var waiting: [(at: Nanoseconds, session: Int)] = []

    private struct Session: Sendable {
        let scenario: Int
        let turns: Int
        var turn = 0
        var messages: [PlannedRequest.Message]
        var tokens: Int
        var generator: SplitMix64
    }

    /// - Throws: ``InvalidLoad`` with the first thing that cannot be run.
    public init(_ scenarios: [Scenario], seed: UInt64) throws(InvalidLoad) {
        guard !scenarios.isEmpty else { throw InvalidLoad("a workload has at least one scenario, got none") }
        if let problem = scenarios.lazy.compactMap(\.problem).first { throw InvalidLoad(problem) }
        self.scenarios = scenarios
        self.seed = seed
        totalWeight = scenarios.reduce(0) { $0 + $1.weight }
        generator = SplitMix64(seed: seed)
        cursors = scenarios.map { _ in 0 }
    }

    /// The next request: the turn of a session whose user has thought long enough, else a new request.
    /// - Parameter now: Since the start of the clock that ``answered(_:at:)`` counts by.
    public mutating func next(at now: Nanoseconds) -> PlannedRequest {
        if let first = waiting.first, first.at <= now {
            waiting.removeFirst()
            if let session = open[first.session] { return turn(of: session, number: first.session) }
        }
        return begin(chosenScenario())
    }

    /// Tells that a request was answered, well or badly, so that the session goes on.
    public mutating func answered(_ request: PlannedRequest, at now: Nanoseconds) {
        guard let place = request.session, let session = open[place.session] else { return }
        if place.isLast {
            open[place.session] = nil
        } else {
            let think = Nanoseconds(seconds: scenarios[session.scenario].session?.thinkSeconds ?? 0)
            let at = now + think
            let index = waiting.firstIndex { $0.at > at } ?? waiting.endIndex
            waiting.insert((at, place.session), at: index)
        }
    }

    // MARK: Planning

    private mutating func chosenScenario() -> Int {
        guard scenarios.count > 1 else { return 0 }
        var rest = generator.uniform() * totalWeight
        for (index, scenario) in scenarios.enumerated() {
            rest -= scenario.weight
            if rest < 0 { return index }
        }
        return scenarios.count - 1
    }

    private mutating func begin(_ index: Int) -> PlannedRequest {
        let scenario = scenarios[index]
        var session = Session(
            scenario: index, turns: scenario.session?.turns.draw(&generator) ?? 1, messages: [], tokens: 0,
            generator: SplitMix64(seed: generator.next()))
        if let system = scenario.systemPrompt {
            session.messages.append(.init(.system, system))
            session.tokens += approximateTokens(system)
        }
        guard scenario.session != nil else { return plan(&session, place: nil) }
        defer { sessions += 1 }
        return turn(of: session, number: sessions)
    }

    private mutating func turn(of session: Session, number: Int) -> PlannedRequest {
        var session = session
        let place = SessionTurn(session: number, turn: session.turn, isLast: session.turn + 1 >= session.turns)
        let request = plan(&session, place: place)
        session.turn += 1
        if !place.isLast {
            let answer = FillerText.text(tokens: request.outputTokens, &session.generator)
            session.messages = request.messages + [.init(.assistant, answer)]
            session.tokens = request.inputTokens + request.outputTokens
        }
        open[number] = session
        return request
    }

    private mutating func plan(_ session: inout Session, place: SessionTurn?) -> PlannedRequest {
        let scenario = scenarios[session.scenario]
        let (text, tokens, wanted) = prompt(session.scenario, isFirst: session.turn == 0, &session.generator)
        defer { planned += 1 }
        return PlannedRequest(
            number: planned, scenario: scenario.name, messages: session.messages + [.init(.user, text)],
            inputTokens: session.tokens + tokens,
            outputTokens: wanted ?? scenario.outputTokens.draw(&session.generator), session: place)
    }

    private mutating func prompt(
        _ index: Int, isFirst: Bool, _ generator: inout SplitMix64
    ) -> (text: String, tokens: Int, outputTokens: Int?) {
        let scenario = scenarios[index]
        let prefix = isFirst ? scenario.sharedPrefix.map { prefixText($0, scenario: index, &generator) } : nil
        let prefixTokens = prefix == nil ? 0 : scenario.sharedPrefix?.tokens ?? 0
        func joined(_ text: String) -> String { prefix.map { $0 + " " + text } ?? text }
        switch scenario.prompts {
        case .filler(let lengths):
            let tokens = lengths.draw(&generator)
            return (joined(FillerText.text(tokens: tokens, &generator)), prefixTokens + tokens, nil)
        case .texts(let texts):
            let prompt = texts[turnOf(index, texts.count)]
            return (joined(prompt.text), prefixTokens + approximateTokens(prompt.text), prompt.outputTokens)
        case .trace(let requests):
            let request = requests[turnOf(index, requests.count)]
            return (joined(request.text(seed: seed, &generator)), prefixTokens + request.inputTokens, request.outputTokens)
        }
    }

    private mutating func turnOf(_ scenario: Int, _ count: Int) -> Int {
        defer { cursors[scenario] += 1 }
        return cursors[scenario] % count
    }

    private func prefixText(_ prefix: SharedPrefix, scenario: Int, _ generator: inout SplitMix64) -> String {
        let group = UInt64(Int.random(in: 0..<prefix.groups, using: &generator))
        return FillerText.text(tokens: prefix.tokens, seed: seed ^ (group &+ 1) &* 0x9E37_79B9 ^ UInt64(scenario) << 48)
    }
}

/// Four bytes a token, as is usual for English, where only the server could count.
func approximateTokens(_ text: String) -> Int { max(1, text.utf8.count / 4) }

/// Why a load cannot be run: what is wrong with which number.
public struct InvalidLoad: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
