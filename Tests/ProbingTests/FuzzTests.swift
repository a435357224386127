import Foundation
import Measurements
import Statistics
import TestSupport
import Testing
import Transport

@testable import Probing

/// `FUZZ_STREAMS` says how many; a failure prints its seed.
@Suite("Streams as no server should send them", .timeLimit(.minutes(5))) struct FuzzTests {
    static let count = ProcessInfo.processInfo.environment["FUZZ_STREAMS"].flatMap(UInt64.init) ?? 2_000

    @Test("each ends as a measurement whose figures agree with each other, or with an error of a known class")
    func endsAsMeasurement() throws {
        var succeeded = 0
        for seed in 1...Self.count {
            let stream = FuzzedStream(seed: seed)
            let answer = try read(stream)
            check(answer, last: at(stream.pieces.count), seed: seed)
            if answer.measurement.succeeded { succeeded += 1 }
        }
        // Some are not damaged, most are damaged beyond use: a reader that took all for broken, or for whole, fails here.
        #expect((Self.count / 10..<Self.count * 9 / 10).contains(UInt64(succeeded)), "\(succeeded) of \(Self.count) succeeded")
    }

    @Test("the same bytes where a whole answer was asked for are a failure, or an answer without a first token")
    func asWholes() throws {
        for seed in 1...Self.count / 4 {
            let answer = try read(FuzzedStream(seed: seed), isStreamed: false)
            #expect(answer.measurement.timeToFirstToken == nil && answer.moments.firstContent == nil, "seed \(seed)")
            #expect((answer.measurement.endToEnd == nil) == (answer.measurement.error != nil), "seed \(seed)")
        }
    }

    @Test("how a stream is cut changes nothing but the times")
    func cutsDoNotMatter() throws {
        for seed in 1...Self.count / 4 {
            let stream = FuzzedStream(seed: seed)
            if stream.pieces.isEmpty { continue }  // Nothing comes at no time.
            let cut = try read(stream, everyPieceAt: 1)
            let whole = try read(FuzzedStream(provider: stream.provider, pieces: [Array(stream.pieces.joined())]), everyPieceAt: 1)
            if cut.measurement.error?.type == "too_large" || whole.measurement.error?.type == "too_large" { continue }
            #expect(cut == whole, "seed \(seed)")
        }
    }

    @Test(
        "a stream that never ends is read up to a bound and no further",
        arguments: ["data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", ": still there\n", "x"])
    func neverEnds(piece: String) throws {
        let provider = OpenAIChat(model: "m")
        var reader = AnswerReader(provider.format, shape: .events, sentAt: at(0), headAt: at(0), limitBytes: 3 << 20)
        let block = Array(String(repeating: piece, count: (64 << 10) / piece.utf8.count).utf8)
        var blocks = 0
        while reader.append(block, receivedAt: at(blocks)) { blocks += 1 }
        #expect((15...49).contains(blocks))
        #expect(reader.timing.gaps.count <= StreamTiming.maximumGaps && reader.timing.error?.type == "too_large")
    }

    @Test("over a real socket the same holds, and every connection ends", arguments: UInt64(1)...40)
    func overSockets(seed: UInt64) async throws {
        let stream = FuzzedStream(seed: seed)
        let server = try LoopbackServer { _, writer in
            try writer.begin(
                seed % 7 == 0 ? 503 : 200, headers: [("Content-Type", seed % 5 == 0 ? "application/json" : "text/event-stream")])
            for piece in stream.pieces.prefix(200) { try writer.chunk(piece) }
            if seed % 3 == 0 { writer.cut(seed % 2 == 0 ? .reset : .close) } else { try writer.end() }
        }
        defer { server.stop() }
        let exchange = StreamExchange(
            client: try HTTPClient(), provider: try provider(stream.provider), endpoint: server.url,
            model: "m", timeout: .seconds(5))
        let answer = await exchange.measure(Prompt(text: "Hi", maximumOutputTokens: 8), key: nil, time: Timestamp(nanosecondsSinceEpoch: 0))
        check(answer, last: .now, seed: seed)
        #expect(await server.wait { $0.requests.count == 1 })
    }

    // MARK: What must hold

    static let classes: Set<String> = [
        "ended_early", "empty_answer", "malformed_event", "too_large", "stream_error", "disconnected", "not_a_stream", "malformed_answer",
        "http_503", "malformed_http", "timeout",
    ]

    private func check(_ answer: TimedAnswer, last: MonotonicTime, seed: UInt64) {
        let measurement = answer.measurement
        let moments = answer.moments
        if let error = measurement.error {
            #expect(Self.classes.contains(error.type), "seed \(seed): \(error)")
            #expect(
                measurement.endToEnd == nil && measurement.timePerOutputToken == nil && error.message.utf8.count <= 2_000, "seed \(seed)")
        } else {
            #expect(measurement.endToEnd != nil && moments.firstContent != nil && answer.tokens != nil, "seed \(seed)")
        }
        #expect((moments.firstContent == nil) == (measurement.timeToFirstToken == nil), "seed \(seed)")
        #expect((moments.firstContent == nil) == (measurement.chunkGaps == nil), "seed \(seed)")
        let order = [moments.sent, moments.firstContent, moments.lastContent, moments.lastByte].compactMap(\.self)
        #expect(order == order.sorted() && order.allSatisfy { $0 <= last }, "seed \(seed)")
        if let tokens = answer.tokensPerEvent, let gaps = measurement.chunkGaps {
            #expect(tokens.count == gaps.count + 1 && tokens.allSatisfy { $0 >= 0 }, "seed \(seed)")
        }
        #expect(
            (0...100_000_000).contains(measurement.outputTokens ?? 0) && (measurement.timePerOutputToken?.count ?? 0) >= 0, "seed \(seed)")
    }

    private func provider(_ name: String) throws -> any StreamingProvider {
        guard name == ProviderRegistry.custom else { return try ProviderRegistry.entry(name).provider(model: "m") }
        return try CustomProvider(
            model: "m", yaml: "{body: {}, answer: {framing: lines, text: m, outputTokens: n, end: done, error: error}}")
    }

    private func read(_ stream: FuzzedStream, isStreamed: Bool = true, everyPieceAt time: Int? = nil) throws -> TimedAnswer {
        let format = try provider(stream.provider).format
        let shape = format.shape(isStreamed: isStreamed, contentType: nil)
        var reader = AnswerReader(format, shape: shape, keepsText: true, sentAt: at(0), headAt: at(0))
        for (index, piece) in stream.pieces.enumerated() {
            guard reader.append(piece, receivedAt: at(time ?? index + 1)) else { break }
        }
        var answer = TimedAnswer(measurement: InferenceMeasurement(id: Self.id), moments: ReceivedMoments(began: at(0)))
        answer.moments.sent = at(0)
        reader.finish(into: &answer)
        return answer
    }

    private static let id = UUID()

    private func at(_ microseconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: 1_000_000_000 + Int64(microseconds) * 1_000) }
}

extension FuzzedStream {
    init(provider: String, pieces: [[UInt8]]) {
        self.provider = provider
        self.pieces = pieces
    }
}
