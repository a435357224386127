import Documents
import Measurements

extension RequestTrace {
    /// Reads Mooncake's lines of JSON: `timestamp` in milliseconds, `input_length`, `output_length`, `hash_ids` of the prompt's blocks.
    ///
    /// The leading blocks that an earlier request had are taken to be in the cache, as with one of unlimited size that all replicas share.
    /// Its clock ticks every three seconds for conversations: ``jittered(within:seed:)`` before use.
    /// - Parameters:
    ///   - mooncake: UTF-8.
    ///   - blockTokens: Tokens of a block.
    /// - Throws: ``TraceError`` with the line.
    public init(mooncake: [UInt8], blockTokens: Int = 512) throws(TraceError) {
        var requests: [SimulatedRequest] = []
        var known: Set<Int64> = []
        var number = 0
        var position = 0
        while position < mooncake.count {
            let end = mooncake[position...].firstIndex(of: 0x0A) ?? mooncake.count
            let line = mooncake[position..<end]
            position = end + 1
            number += 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { continue }
            guard requests.count < TraceLimits.requests else {
                throw TraceError(line: number, "more than \(TraceLimits.requests) requests")
            }
            requests.append(try MooncakeLine(line, number).request(number: requests.count, known: &known, blockTokens: blockTokens))
        }
        self.init(requests)
    }
}

private struct MooncakeLine {
    private let object: DocumentValue
    private let number: Int

    init(_ bytes: ArraySlice<UInt8>, _ number: Int) throws(TraceError) {
        self.number = number
        do {
            object = try bytes.withUnsafeBytes { try JSONDocument.parse($0, limits: DocumentLimits(bytes: 16 << 20)) }
        } catch {
            throw TraceError(line: number, "\(error)")
        }
    }

    func request(number index: Int, known: inout Set<Int64>, blockTokens: Int) throws(TraceError) -> SimulatedRequest {
        let milliseconds = TraceLimits.seconds.lowerBound...TraceLimits.seconds.upperBound * 1_000
        guard let time = object["timestamp"]?.number.value, milliseconds.contains(time) else {
            throw TraceError(line: number, "expected 'timestamp' in milliseconds, \(milliseconds)")
        }
        let input = try tokens("input_length")
        let output = try tokens("output_length")
        let blocks = object["hash_ids"]?.elements.compactMap(\.integer) ?? []
        let hits = blocks.prefix { known.contains($0) }.count
        known.formUnion(blocks)
        return SimulatedRequest(
            id: index, arrival: Nanoseconds(milliseconds: time), inputTokens: input, outputTokens: output,
            cachedTokens: min(hits * blockTokens, input - 1))
    }

    private func tokens(_ key: String) throws(TraceError) -> Int {
        guard let count = object[key]?.integer, TraceLimits.tokens.contains(Int(count)) else {
            throw TraceError(line: number, "expected '\(key)', a whole number in \(TraceLimits.tokens)")
        }
        return Int(count)
    }
}
