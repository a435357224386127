import FoundationEssentials
import Measurements
import Simulation
import TestSupport
import Testing

@Suite("Traces of requests")
struct RequestTraceTests {
    private func rows(_ trace: RequestTrace) -> [[Int64]] {
        trace.requests.map { [Int64($0.id), $0.arrival.count, Int64($0.inputTokens), Int64($0.outputTokens), Int64($0.cachedTokens)] }
    }

    @Test("are read from the tables that are known, with times from the first date or in seconds")
    func tables() throws {
        let azure = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 23:59:59.5000001,374,44\r\n2023-11-17 00:00:01.0,396,1\r\n"
        #expect(rows(try RequestTrace(csv: Array(azure.utf8))) == [[0, 0, 374, 44, 0], [1, 1_499_999_900, 396, 1, 0]])
        let burst = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,log\n45,GPT-4,10,0,10,log\n"
        let read = try RequestTrace(csv: Array(burst.utf8))
        #expect(rows(read) == [[0, 5_000_000_000, 472, 18, 0]] && read.skipped == 1)
        let cut = "\u{FEFF}t_s,in_tokens,out_tokens,prefix_hit_blocks512\n2.5,6758,500,0\n0.000,1024,9,2\n\n"
        #expect(rows(try RequestTrace(csv: Array(cut.utf8))) == [[0, 0, 1_024, 9, 1_023], [1, 2_500_000_000, 6_758, 500, 0]])
    }

    @Test(
        "say in which line what is wrong",
        arguments: [
            ("", "line 1: expected the names of columns between commas, found 0 bytes without a line break"),
            ("a,b\n", "line 1: expected a column 'TIMESTAMP' or 't_s', found a, b"),
            ("t_s,in_tokens,out_tokens\n0,1\n", "line 2: expected 3 fields as in the header, found 2"),
            ("t_s,in_tokens,out_tokens\n0,1,2,,,,,,,,,\n", "line 2: expected 3 fields as in the header, found more"),
            ("t_s,in_tokens,out_tokens\n\n0,1,-2\n", "line 3: 'out_tokens' is '-2', expected a whole number in 0...16777216"),
            ("t_s,in_tokens,out_tokens\n0,1e99,2\n", "line 2: 'in_tokens' is '1e99', expected a whole number in 0...16777216"),
            ("t_s,in_tokens,out_tokens\nnan,1,2\n", "line 2: 't_s' is 'nan', expected seconds in 0.0...8640000.0"),
            ("t_s,in_tokens,out_tokens\nsoon\u{1B}[2J,1,2\n", "line 2: 't_s' is 'soon\u{FFFD}[2J', expected a date and time"),
            (
                "t_s,in_tokens,out_tokens\n2023-01-01 00:00:00,1,2\n2022-01-01 00:00:00,1,2\n",
                "line 3: 't_s' is '2022-01-01 00:00:00', expected a time up to 100 days after the first request"
            ),
        ])
    func problems(text: String, message: String) throws {
        let error = #expect(throws: TraceError.self) { try RequestTrace(csv: Array(text.utf8)) }
        #expect(error.map(\.description) == message)
    }

    @Test("are read from Mooncake's lines, whose blocks are in the cache once they were seen")
    func mooncake() throws {
        let lines = """
            {"timestamp": 0, "input_length": 1500, "output_length": 10, "hash_ids": [1, 2, 3]}
            {"timestamp": 3000, "input_length": 2000, "output_length": 20, "hash_ids": [1, 2, 9, 3]}
            {"timestamp": 3000, "input_length": 1024, "output_length": 5, "hash_ids": [1, 2]}

            """
        let trace = try RequestTrace(mooncake: Array(lines.utf8))
        #expect(rows(trace) == [[0, 0, 1_500, 10, 0], [1, 3_000_000_000, 2_000, 20, 1_024], [2, 3_000_000_000, 1_024, 5, 1_023]])
        for bad in [
            "[]", "{", #"{"timestamp": -1, "input_length": 1, "output_length": 1}"#,
            #"{"timestamp": 1, "input_length": 0, "output_length": 1}"#,
            #"{"timestamp": 1, "input_length": 9223372036854775807, "output_length": 1}"#, "\u{0}",
        ] {
            let error = #expect(throws: TraceError.self) { try RequestTrace(mooncake: Array("\(lines)\(bad)\n".utf8)) }
            #expect(error?.line == 4, "\(bad)")
        }
    }

    @Test("are taken from one's own measurements, those without counts left out")
    func measurements() {
        func measurement(_ second: Int64, _ input: Int?, _ output: Int?) -> InferenceMeasurement {
            var measurement = InferenceMeasurement(id: UUID(), time: Timestamp(nanosecondsSinceEpoch: second * 1_000_000_000))
            measurement.inputTokens = input
            measurement.outputTokens = output
            return measurement
        }
        let trace = RequestTrace([
            measurement(1_007, 10, 20), measurement(1_000, 30, 40), measurement(900, nil, 5), InferenceMeasurement(id: UUID()),
            measurement(950, 3, 0),
        ])
        #expect(rows(trace) == [[0, 0, 30, 40, 0], [1, 7_000_000_000, 10, 20, 0]] && trace.skipped == 3)
    }

    @Test("are made heavier by copies that begin elsewhere, of the same span, rate times copies, and the same for one seed")
    func superposing() {
        let requests = (0..<1_000).map {
            SimulatedRequest(id: $0, arrival: Nanoseconds(Int64($0) * 1_000_000), inputTokens: 1, outputTokens: 1)
        }
        let trace = RequestTrace(requests, span: Nanoseconds(seconds: 1))
        let heavier = trace.superposed(copies: 8, jitter: Nanoseconds(milliseconds: 50), seed: 3)
        #expect(heavier.requests.count == 8_000 && heavier.span == trace.span && heavier.meanRate == 8_000)
        #expect(heavier == trace.superposed(copies: 8, jitter: Nanoseconds(milliseconds: 50), seed: 3))
        #expect(heavier.requests.map(\.id) == Array(0..<8_000))
        #expect(zip(heavier.requests, heavier.requests.dropFirst()).allSatisfy { $0.arrival <= $1.arrival })
        let inFirstTenth = heavier.requests.count { $0.arrival < Nanoseconds(milliseconds: 100) }
        #expect(abs(inFirstTenth - 800) < 60)
        #expect(
            heavier.slice(from: Nanoseconds(milliseconds: 100), for: Nanoseconds(milliseconds: 100)).requests[0].arrival.count < 1_000_000)
    }

    @Test("of the shared data are whole", .enabled(if: SharedData.isPresent, "needs the shared traces"))
    func shared() throws {
        func csv(_ name: String) throws -> RequestTrace { try RequestTrace(csv: SharedData.unpacked("traces/\(name).csv.gz")) }
        let (conversation, code) = (try csv("azure2023_conv"), try csv("azure2023_code"))
        #expect(conversation.requests.count == 19_366 && abs(conversation.meanRate - 5.53) < 0.01)
        #expect(code.requests.count == 8_819 && abs(code.meanRate - 2.57) < 0.01)
        let cut = try csv("mooncake_conversation")
        let whole = try RequestTrace(mooncake: SharedData.unpacked("traces/mooncake_conversation_full.jsonl.gz"))
        #expect(whole.requests.count == 12_031 && whole.requests.map(\.inputTokens) == cut.requests.map(\.inputTokens))
        let hits = whole.requests.map(\.cachedTokens).reduce(0, +)
        #expect(abs(Double(hits) / Double(whole.requests.map(\.inputTokens).reduce(0, +)) - 0.366) < 0.02)
        let jittered = whole.jittered(within: Nanoseconds(seconds: 3), seed: 1)
        #expect(Set(jittered.requests.map(\.arrival)).count > 12_000)
    }
}
