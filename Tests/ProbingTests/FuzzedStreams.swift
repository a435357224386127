import Foundation
import Statistics

/// Streams as no server should send them: whole ones that were cut, merged, repeated, corrupted, blown up or filled with something else.
struct FuzzedStream {
    let provider: String
    /// As the network delivers it.
    let pieces: [[UInt8]]

    /// - Parameter seed: Decides everything.
    init(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let (provider, whole) = Self.whole.randomElement(using: &generator)!
        self.provider = provider
        var bytes = Array(whole.utf8)
        for _ in 0..<Int.random(in: 0...3, using: &generator) { Self.damage(&bytes, &generator) }
        pieces = Self.cut(bytes, &generator)
    }

    private static func damage(_ bytes: inout [UInt8], _ generator: inout SplitMix64) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: bytes.removeLast(bytes.count - place)  // Closed early.
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...80, using: &generator)))
        case 2:
            for index in place..<min(bytes.count, place + Int.random(in: 1...8, using: &generator)) { bytes[index] = generator.nextByte() }
        case 3: bytes.insert(contentsOf: (0..<Int.random(in: 1...200, using: &generator)).map { _ in generator.nextByte() }, at: place)
        case 4: bytes.insert(contentsOf: Self.snippets.randomElement(using: &generator)!.utf8, at: place)
        case 5: bytes += Array(Self.whole.randomElement(using: &generator)!.1.utf8)  // Two answers in one.
        case 6: bytes.removeAll { $0 == 0x0A }  // Merged lines.
        case 7: bytes = bytes.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
        case 8: bytes.insert(contentsOf: repeatElement(UInt8(ascii: "["), count: 5_000), at: place)
        case 9: bytes.insert(contentsOf: repeatElement(UInt8(ascii: "9"), count: 5_000), at: place)
        case 10:  // An event that does not fit.
            guard Int.random(in: 0..<40, using: &generator) == 0 else { return }
            bytes.insert(contentsOf: repeatElement(UInt8(ascii: "x"), count: 1_200_000), at: place)
        default:  // Numbers no server can mean.
            let number = ["-1", "1e999", "NaN", "99999999999999999999", "0.5", "\"7\"", "null", "[]"].randomElement(using: &generator)!
            guard let digit = bytes.firstIndex(where: { (0x30...0x39).contains($0) }) else { return }
            bytes.replaceSubrange(digit...digit, with: number.utf8)
        }
    }

    private static func cut(_ bytes: [UInt8], _ generator: inout SplitMix64) -> [[UInt8]] {
        let longest = [1, 7, 60, 1_000, 100_000].randomElement(using: &generator)!
        guard bytes.count / longest < 20_000 else { return [bytes] }
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...longest, using: &generator))
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }

    static let snippets = [
        "\n", "\n\n", "\r", "data: \n\n", "data:\n\n", "data: {}\n\n", "data: [DONE]\n\n", "event: error\n", "event: ping\n\n",
        "id: \u{0}\n", "retry: 99\n",
        ": \n", "\u{FEFF}", "data: null\n\n", "data: \"text\"\n\n", "data: {\"error\":{\"message\":\"broke\",\"code\":500}}\n\n",
        "<html>502 Bad Gateway</html>",
        "HTTP/1.1 500 Internal Server Error\r\n\r\n", "data: {\"choices\":{}}\n\n", "data: {\"choices\":[null,[],{\"delta\":[]}]}\n\n",
        "data: {\"usage\":{\"completion_tokens\":5}}\n\n", "\\u0000", "\"", "}", "\u{1F600}",
    ]

    /// Whole streams, by the provider that reads them.
    static let whole: [(String, String)] = [
        ("custom", "{\"m\":\"a\"}\n{\"m\":\"b\\n\"}\r\n\n{\"m\":\"\",\"done\":true,\"n\":2}"),
        (
            "openai",
            chat([
                "{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}", "{\"delta\":{\"reasoning\":\"hm\"}}",
                "{\"delta\":{\"content\":\"Hé\\n\\ud83d\\ude00\"}}", "{\"delta\":{\"tool_calls\":[{\"index\":0}]}}",
                "{\"delta\":{},\"finish_reason\":\"stop\"}",
            ])
                + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n"
        ),
        (
            "vllm",
            (1...6).map {
                "data: {\"choices\":[{\"delta\":{\"content\":\" w\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":\($0 * 2)}}\n\n"
            }.joined()
                + "data: [DONE]\n\n"
        ),
        (
            "anthropic",
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3}}}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n"
                + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"Hi\"}}\n\n"
                + "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
        ),
        (
            "gemini",
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\",\"thought\":true},{\"text\":\"b\"}]}}],\"usageMetadata\":{\"promptTokenCount\":1}}\r\n\r\n"
                + "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"c\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"candidatesTokenCount\":4,\"thoughtsTokenCount\":2}}\r\n\r\n"
        ),
        (
            "cohere",
            "event: content-delta\ndata: {\"type\":\"content-delta\",\"delta\":{\"message\":{\"content\":{\"text\":\"a\"}}}}\n\n"
                + "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\",\"usage\":{\"tokens\":{\"input_tokens\":1,\"output_tokens\":1}}}}\n\n"
        ),
        (
            "openai-responses",
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n"
                + "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n"
        ),
    ]

    private static func chat(_ choices: [String]) -> String { choices.map { "data: {\"choices\":[\($0)]}\n\n" }.joined() }
}

extension SplitMix64 {
    fileprivate mutating func nextByte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }
}
