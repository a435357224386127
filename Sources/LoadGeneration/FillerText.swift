public import Statistics

/// Text of a wanted length that is the same for the same seed.
///
/// It is made of short English words that the tokenizers of today's models know as one token each, with the blank before it. The number of
/// tokens is therefore close to the number of words, but only the server knows it exactly.
public enum FillerText {
    /// - Parameter tokens: 0 or more.
    public static func text(tokens: Int, _ generator: inout SplitMix64) -> String {
        guard tokens > 0 else { return "" }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tokens * 6)
        var bits: UInt64 = 0
        for index in 0..<tokens {
            // A number holds ten choices among 64.
            bits = index % 10 == 0 ? generator.next() : bits >> 6
            if index > 0 { bytes.append(UInt8(ascii: " ")) }
            bytes.append(contentsOf: words[Int(bits & 63)])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Parameter seed: The same seed and number of tokens give the same text.
    public static func text(tokens: Int, seed: UInt64) -> String {
        var generator = SplitMix64(seed: seed)
        return text(tokens: tokens, &generator)
    }

    private static let words: [[UInt8]] = """
        the of and to in is that for it was on are as with at be this from or an have by not but what all were when we there can your which \
        their said if do will each about how up out them then she many some so these would other into has more her two like him see time could now over
        """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { Array($0.utf8) }
}
