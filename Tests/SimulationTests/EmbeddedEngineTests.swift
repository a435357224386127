import EngineModels
import Measurements
import Simulation
import Synchronization
import Testing

@Suite("The embedded engine")
struct EmbeddedEngineTests {
    private final class TurnedClock: Sendable {
        private let time = Mutex(Nanoseconds(0))
        var now: Nanoseconds { time.withLock { $0 } }
        func turn(to time: Nanoseconds) { self.time.withLock { $0 = time } }
    }

    private let clock = TurnedClock()
    private let engine: EmbeddedEngine

    init() {
        let clock = clock
        engine = EmbeddedEngine(PoolSetup(profile: .llama7BOnH100), clock: { clock.now })
    }

    @Test("hands each token out when its client sees it, and says when the next comes")
    func pace() throws {
        clock.turn(to: Nanoseconds(seconds: 3))
        var registered: (Int, Nanoseconds)?
        let id = try engine.submit(inputTokens: 100, outputTokens: 20) { registered = ($0, $1) }
        #expect(registered?.0 == id && registered?.1 == Nanoseconds(seconds: 3))
        var tokens: [TokenEvent] = []
        while let next = engine.nextEvent {
            #expect(next > clock.now || engine.status.running == 0)
            clock.turn(to: max(next, clock.now + Nanoseconds(1)))
            let output = engine.takeOutput()
            #expect(output.tokens.allSatisfy { $0.time <= clock.now && $0.time.count > clock.now.count - 2_000 })
            tokens += output.tokens
            if let outcome = output.outcomes.first { #expect(outcome.lastToken == tokens.last?.time) }
        }
        #expect(tokens.map(\.tokenIndex) == Array(0..<20) && tokens.last?.isLast == true)
        #expect(engine.status.completed == 1 && engine.time > Nanoseconds(seconds: 3.1))
    }

    @Test("refuses what could never be answered, and counts none of it")
    func refusals() {
        func refusal(_ input: Int, _ output: Int) -> RequestRefusal? {
            do throws(RequestRefusal) {
                try engine.submit(inputTokens: input, outputTokens: output)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(0, 1) == .emptyPromptOrAnswer && refusal(1, -1) == .emptyPromptOrAnswer)
        #expect(refusal(107_000, 1) == .tooLong(tokens: 107_001, limit: 107_000))
        #expect(refusal(.max, .max) == .tooLong(tokens: .max, limit: 107_000))
        #expect(engine.status.submitted == 0 && refusal(106_999, 1) == nil && engine.status.submitted == 1)
    }

    @Test("a clock that goes back stands still, and one beyond all bounds stops")
    func clocks() {
        clock.turn(to: Nanoseconds(seconds: 10))
        #expect(engine.time == Nanoseconds(seconds: 10))
        clock.turn(to: Nanoseconds(seconds: 5))
        #expect(engine.time == Nanoseconds(seconds: 10))
        clock.turn(to: Nanoseconds(.max))
        #expect(engine.time == EnginePool.longestTime)
    }
}
