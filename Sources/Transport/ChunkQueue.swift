/// Pieces of a body in their order, with the sum of their bytes.
struct ChunkQueue {
    private var chunks: [BodyChunk] = []
    private var first = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { first == chunks.count }

    mutating func append(_ chunk: BodyChunk) {
        chunks.append(chunk)
        byteCount += chunk.bytes.count
    }

    mutating func popFirst() -> BodyChunk? {
        guard first < chunks.count else { return nil }
        let chunk = chunks[first]
        first += 1
        byteCount -= chunk.bytes.count
        // Moving the rest costs as much as was taken before.
        if first * 2 >= chunks.count {
            chunks.removeFirst(first)
            first = 0
        }
        return chunk
    }
}
