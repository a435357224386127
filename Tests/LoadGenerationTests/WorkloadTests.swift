import LoadGeneration
import Measurements
import Statistics
import Testing

@Suite("Workload")
struct WorkloadTests {
    @Test("the same seed plans the same requests, another one others")
    func seeded() throws {
        let scenario = Scenario(prompts: .filler(.uniform(10...90)), outputTokens: .normal(mean: 50, deviation: 10, bounds: 1...100))
        #expect(try plan([scenario], seed: 3, count: 30) == plan([scenario], seed: 3, count: 30))
        #expect(try plan([scenario], seed: 3, count: 30) != plan([scenario], seed: 4, count: 30))
    }

    @Test("prompts have the length that was asked for, and no two begin alike")
    func lengths() throws {
        let requests = try plan([Scenario(prompts: .filler(.fixed(37)), outputTokens: .fixed(5))], seed: 1, count: 200)
        #expect(
            requests.allSatisfy { $0.messages[0].text.split(separator: " ").count == 37 && $0.inputTokens == 37 && $0.outputTokens == 5 })
        #expect(Set(requests.map { $0.messages[0].text.prefix(60) }).count == 200)
        #expect(requests.map(\.number) == Array(0..<200))
    }

    @Test("lengths follow their distribution and keep its bounds")
    func distributions() {
        var generator = SplitMix64(seed: 5)
        let normal = (0..<5_000).map { _ in
            TokenLengths.normal(mean: 200, deviation: 40, bounds: 100...300).draw(&generator)
        }
        let mean = Double(normal.reduce(0, +)) / 5_000
        #expect(abs(mean - 200) < 3 && normal.allSatisfy { (100...300).contains($0) })
        let farFromBounds = TokenLengths.normal(mean: 5, deviation: 0, bounds: 100...200).draw(&generator)
        let sampled = Set((0..<100).map { _ in TokenLengths.sampled([3, 9]).draw(&generator) })
        #expect(sampled == [3, 9])
        #expect(farFromBounds == 100, "bounds far from the mean still hold")
    }

    @Test("scenarios come as often as their weights say")
    func weights() throws {
        let rare = Scenario("rare", weight: 1, prompts: .filler(.fixed(1)), outputTokens: .fixed(1))
        let usual = Scenario("usual", weight: 3, prompts: .filler(.fixed(1)), outputTokens: .fixed(1))
        let names = try plan([rare, usual], seed: 1, count: 4_000).map(\.scenario)
        #expect(abs(names.count { $0 == "rare" } - 1_000) < 120)
    }

    @Test("a session's turns carry all that was said before, wait for the answer and for the user to think")
    func sessions() throws {
        let shape = SessionShape(turns: .fixed(3), thinkSeconds: 2)
        let scenario = Scenario(prompts: .filler(.fixed(4)), outputTokens: .fixed(6), session: shape, systemPrompt: "Be brief.")
        var workload = try Workload([scenario], seed: 9)
        let first = workload.next(at: Nanoseconds(0))
        let other = workload.next(at: Nanoseconds(0))
        #expect(first.session == SessionTurn(session: 0, turn: 0, isLast: false) && other.session?.session == 1)
        workload.answered(first, at: Nanoseconds(seconds: 1))
        let meanwhile = workload.next(at: Nanoseconds(seconds: 2))
        #expect(meanwhile.session?.session == 2, "the user of the first session still thinks")
        let second = workload.next(at: Nanoseconds(seconds: 3))
        #expect(second.session == SessionTurn(session: 0, turn: 1, isLast: false))
        #expect(second.messages.map(\.role) == [.system, .user, .assistant, .user])
        #expect(Array(second.messages.prefix(2)) == first.messages)
        #expect(second.inputTokens == first.inputTokens + 6 + 4)
        workload.answered(second, at: Nanoseconds(seconds: 3))
        let third = workload.next(at: Nanoseconds(seconds: 5))
        #expect(third.session == SessionTurn(session: 0, turn: 2, isLast: true))
        workload.answered(third, at: Nanoseconds(seconds: 5))
        let fresh = workload.next(at: Nanoseconds(seconds: 60))
        #expect(fresh.session?.session == 3, "a session that is over does not come back")
    }

    @Test("a shared prefix is the same within its group, and what follows it is not")
    func sharedPrefix() throws {
        let scenario = Scenario(
            prompts: .filler(.fixed(10)), outputTokens: .fixed(1), sharedPrefix: SharedPrefix(tokens: 50, groups: 2))
        let texts = try plan([scenario], seed: 2, count: 100).map { $0.messages[0].text.split(separator: " ") }
        #expect(Set(texts.map { $0.prefix(50).joined(separator: " ") }).count == 2)
        #expect(Set(texts.map { $0.dropFirst(50).joined(separator: " ") }).count == 100)
        #expect(texts.allSatisfy { $0.count == 60 })
    }

    @Test("requests of a trace that share blocks begin alike, block by block")
    func traceBlocks() throws {
        let trace = [[7, 8], [7, 9], [7, 8]].map { blocks in
            TraceRequest(offset: Nanoseconds(0), inputTokens: 1_100, outputTokens: 3, prefixBlocks: blocks)
        }
        let texts = try plan([Scenario(prompts: .trace(trace), outputTokens: .fixed(1))], seed: 1, count: 3).map { request in
            #expect(request.outputTokens == 3 && request.inputTokens == 1_100)
            return request.messages[0].text.split(separator: " ")
        }
        #expect(texts.allSatisfy { $0.count == 1_100 })
        #expect(texts[0].prefix(512) == texts[1].prefix(512) && texts[0].prefix(1_024) != texts[1].prefix(1_024))
        #expect(texts[0].prefix(1_024) == texts[2].prefix(1_024) && texts[0] != texts[2])
    }

    @Test("what cannot be run is refused with its name")
    func refused() {
        let bad: [Scenario] = [
            Scenario(weight: 0, prompts: .filler(.fixed(1)), outputTokens: .fixed(1)),
            Scenario(weight: .nan, prompts: .filler(.fixed(1)), outputTokens: .fixed(1)),
            Scenario(prompts: .filler(.fixed(0)), outputTokens: .fixed(1)), Scenario(prompts: .texts([]), outputTokens: .fixed(1)),
            Scenario(prompts: .trace([]), outputTokens: .fixed(1)), Scenario(prompts: .filler(.sampled([])), outputTokens: .fixed(1)),
            Scenario(prompts: .filler(.fixed(1)), outputTokens: .normal(mean: .nan, deviation: 1, bounds: 1...2)),
            Scenario(prompts: .filler(.fixed(1)), outputTokens: .fixed(1), sharedPrefix: SharedPrefix(tokens: 1, groups: 0)),
            Scenario(prompts: .filler(.fixed(1)), outputTokens: .fixed(1), session: SessionShape(turns: .fixed(2), thinkSeconds: -1)),
        ]
        for scenario in bad { #expect(throws: InvalidLoad.self) { try Workload([scenario], seed: 1) } }
        #expect(throws: InvalidLoad.self) { try Workload([], seed: 1) }
    }

    private func plan(_ scenarios: [Scenario], seed: UInt64, count: Int) throws -> [PlannedRequest] {
        var workload = try Workload(scenarios, seed: seed)
        return (0..<count).map { _ in workload.next(at: Nanoseconds(0)) }
    }
}
