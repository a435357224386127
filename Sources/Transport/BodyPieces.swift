/// Pieces of a body in their order: their bytes lie one behind the other, so that a token costs no memory of its own.
public struct BodyPieces: Sendable {
    /// Of all pieces that were not taken yet, and of some that were.
    private var bytes: [UInt8] = []
    private var marks: [Mark] = []
    private var firstMark = 0
    private var firstByte = 0

    private struct Mark {
        /// The offset behind the piece's last byte.
        let end: Int
        let receivedAt: MonotonicTime
    }

    public var isEmpty: Bool { firstMark == marks.count }
    public var byteCount: Int { bytes.count - firstByte }

    /// Room that is made at once, at most.
    private static let mostExpectedBytes = 8 << 10

    /// - Parameter expectedBytes: How much may gather before somebody reads.
    mutating func append(_ piece: UnsafeRawBufferPointer, at time: MonotonicTime, expectedBytes: Int) {
        if bytes.isEmpty {
            let expected = min(expectedBytes, Self.mostExpectedBytes)
            bytes.reserveCapacity(expected + piece.count)
            marks.reserveCapacity(expected / 256 + 1)
        }
        bytes.append(contentsOf: piece)
        marks.append(Mark(end: bytes.count, receivedAt: time))
    }

    mutating func popFirst() -> BodyChunk? {
        guard !isEmpty else { return nil }
        let mark = marks[firstMark]
        let chunk = BodyChunk(bytes: Array(bytes[firstByte..<mark.end]), receivedAt: mark.receivedAt)
        (firstMark, firstByte) = (firstMark + 1, mark.end)
        // Moving the rest costs no more than was taken before.
        if firstByte * 2 >= bytes.count { forgetTaken() }
        return chunk
    }

    private mutating func forgetTaken() {
        bytes.removeFirst(firstByte)
        marks.removeFirst(firstMark)
        for index in marks.indices { marks[index] = Mark(end: marks[index].end - firstByte, receivedAt: marks[index].receivedAt) }
        (firstMark, firstByte) = (0, 0)
    }

    /// Hands over the pieces in order, borrowed for the call, until one is refused.
    /// - Returns: Whether all were taken.
    public func allTaken(by take: (_ piece: UnsafeRawBufferPointer, _ receivedAt: MonotonicTime) -> Bool) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var start = firstByte
            for mark in marks[firstMark...] {
                guard take(UnsafeRawBufferPointer(rebasing: bytes[start..<mark.end]), mark.receivedAt) else { return false }
                start = mark.end
            }
            return true
        }
    }
}
