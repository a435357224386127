import EngineModels
import Measurements
import Simulation
import Synchronization

/// Lets the engine's time pass beside real time, and hands each token to whoever asked for it.
final class EnginePump: Sendable {
    let engine: EmbeddedEngine
    /// Simulated seconds per real second.
    private let timeScale: Double
    private let board = Mutex(Board())
    private let wake = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    private struct Board {
        var answers: [Int: Answer] = [:]
        var metrics = EngineMetrics()
        var isOver = false
    }

    private struct Answer {
        let arrival: Nanoseconds
        var lastToken: Nanoseconds?
        let tokens: AsyncStream<TokenEvent>.Continuation
    }

    /// Requests in the engine at most.
    static let capacity = 1_024
    /// However far the next event is, the engine is looked at after this time: a request may have come in between.
    private static let longestPause = Duration.milliseconds(5)

    init(engine: EmbeddedEngine, timeScale: Double) {
        self.engine = engine
        self.timeScale = timeScale
    }

    /// An answer on its way.
    struct Ticket: Sendable {
        let id: Int
        /// Ends early where the request was cancelled or the pump stopped.
        let tokens: AsyncStream<TokenEvent>
    }

    /// Runs until the task is cancelled; then all answers end.
    func run() async {
        var wakes = wake.stream.makeAsyncIterator()
        while !Task.isCancelled {
            deliver(engine.takeOutput().tokens)
            if let next = engine.nextEvent {
                let real = Nanoseconds(seconds: (next - engine.time).seconds / timeScale).duration
                try? await Task.sleep(for: min(max(real, .zero), Self.longestPause))  // Cancellation ends the loop.
            } else {
                await wakes.next()
            }
        }
        board.withLock { board in
            board.isOver = true
            for answer in board.answers.values { answer.tokens.finish() }
            board.answers = [:]
        }
    }

    enum SubmissionFailure: Error {
        case full
        case refused(RequestRefusal)
    }

    func submit(_ request: ChatRequest) throws(SubmissionFailure) -> Ticket {
        let (stream, continuation) = AsyncStream<TokenEvent>.makeStream()
        let isFull = board.withLock { $0.isOver || $0.answers.count >= Self.capacity }
        guard !isFull else { throw .full }
        let id: Int
        do {
            id = try engine.submit(inputTokens: request.promptTokens, outputTokens: request.outputTokens) { id, arrival in
                board.withLock { $0.answers[id] = Answer(arrival: arrival, tokens: continuation) }
            }
        } catch {
            throw .refused(error)
        }
        wake.continuation.yield()
        return Ticket(id: id, tokens: stream)
    }

    /// Frees the place of a request whose client has gone.
    func cancel(_ id: Int) {
        guard let answer = board.withLock({ $0.answers.removeValue(forKey: id) }) else { return }
        engine.cancel(id)
        answer.tokens.finish()
    }

    var metricsText: String {
        let metrics = board.withLock(\.metrics)
        return metrics.text(model: engine.profile.name, status: engine.status)
    }

    private func deliver(_ tokens: [TokenEvent]) {
        guard !tokens.isEmpty else { return }
        board.withLock { board in
            for token in tokens {
                guard var answer = board.answers[token.request] else { continue }
                if let last = answer.lastToken {
                    board.metrics.interTokenLatency.record((token.time - last).seconds)
                } else {
                    board.metrics.timeToFirstToken.record((token.time - answer.arrival).seconds)
                }
                answer.lastToken = token.time
                board.answers[token.request] = token.isLast ? nil : answer
                answer.tokens.yield(token)
                guard token.isLast else { continue }
                board.metrics.endToEnd.record((token.time - answer.arrival).seconds)
                answer.tokens.finish()
            }
        }
    }
}
