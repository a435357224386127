/// A request at a replica. Times are picoseconds, places counts of tokens.
struct RequestSlot {
    let id: Int
    /// Order of arrival at the replica.
    let sequence: Int64
    let arrival: Int64
    /// When it came to the replica; later than its arrival where it waited for one to start.
    let readyAt: Int64
    let inputTokens: Int64
    let outputTokens: Int64
    let cachedTokens: Int64
    /// When it was first worked on; −1 before.
    var scheduled: Int64 = -1
    /// When its first token was made; −1 before.
    var firstToken: Int64 = -1
    /// From the moment a token is made to the moment its client sees it.
    var wayOut: Int64 = 0
    /// Tokens made up to when it was last placed among the decoding, or lost its place.
    var generatedBefore: Int64 = 0
    /// Iteration in which it was last placed among the decoding.
    var decodingSince: Int64 = 0
    /// Of the tokens to be read before the next one can be made: how many are read, and how many this iteration reads.
    var prefilled: Int64 = 0
    var chunk: Int64 = 0
    var preemptions: Int32 = 0

    init(_ request: SimulatedRequest, sequence: Int64, readyAt: Int64) {
        id = request.id
        self.sequence = sequence
        arrival = request.arrival.picoseconds
        self.readyAt = readyAt
        inputTokens = Int64(request.inputTokens)
        outputTokens = Int64(request.outputTokens)
        cachedTokens = min(max(0, Int64(request.cachedTokens)), inputTokens - 1)
    }

    /// Tokens to be read before it can decode: the prompt, and after a preemption what had been made.
    var prefillTarget: Int64 { inputTokens + generatedBefore }

    func generated(at iteration: Int64) -> Int64 { generatedBefore + iteration - decodingSince }
}

/// Decoding requests, the one that ends first on top.
struct FinishHeap {
    struct Entry {
        let iteration: Int64
        let slot: Int32
    }

    private(set) var entries: ContiguousArray<Entry> = []

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    /// Of the first to end; there must be one.
    var firstIteration: Int64 { entries[0].iteration }

    mutating func insert(_ entry: Entry) {
        var place = entries.count
        entries.append(entry)
        while place > 0 {
            let parent = (place - 1) / 2
            guard entry.precedes(entries[parent]) else { break }
            entries[place] = entries[parent]
            place = parent
        }
        entries[place] = entry
    }

    mutating func removeFirst() -> Int32 {
        let first = entries[0].slot
        let last = entries.removeLast()
        if !entries.isEmpty { sink(last) }
        return first
    }

    mutating func remove(slot: Int32) {
        let rest = entries.filter { $0.slot != slot }
        entries.removeAll(keepingCapacity: true)
        for entry in rest { insert(entry) }
    }

    private mutating func sink(_ entry: Entry) {
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].precedes(entries[child]) { child += 1 }
            guard entries[child].precedes(entry) else { break }
            entries[place] = entries[child]
            place = child
        }
        entries[place] = entry
    }
}

extension FinishHeap.Entry {
    fileprivate func precedes(_ other: Self) -> Bool { (iteration, slot) < (other.iteration, other.slot) }
}

/// Waiting requests, first come first served; one that lost its place goes back to the front.
struct WaitingLine {
    private var slots: ContiguousArray<Int32> = []
    private var start = 0

    var count: Int { slots.count - start }
    var first: Int32? { start < slots.count ? slots[start] : nil }
    var all: ArraySlice<Int32> { Array(slots)[start...] }

    mutating func append(_ slot: Int32) { slots.append(slot) }

    mutating func prepend(_ slot: Int32) {
        if start == 0 { return slots.insert(slot, at: 0) }
        start -= 1
        slots[start] = slot
    }

    mutating func removeFirst() -> Int32 {
        let slot = slots[start]
        start += 1
        if start == slots.count {
            slots.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 1_024, start * 2 > slots.count {
            slots.removeFirst(start)
            start = 0
        }
        return slot
    }

    mutating func remove(_ slot: Int32) {
        slots.removeFirst(start)
        start = 0
        slots.removeAll { $0 == slot }
    }
}
