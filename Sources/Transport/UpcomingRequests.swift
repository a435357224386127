/// Requests whose time has not come, by time. Belongs to the event loop's thread.
struct UpcomingRequests {
    struct Entry {
        let time: MonotonicTime
        let checked: CheckedRequest
        let observer: any TransferObserver
    }

    /// The first is the last, where it is cheap to take away.
    private var entries: [Entry] = []

    /// When the next is due.
    var first: MonotonicTime? { entries.last?.time }

    var observers: [ObjectIdentifier] { entries.map { ObjectIdentifier($0.observer) } }

    /// Of two at the same time the one that was added before goes first.
    mutating func add(_ entry: Entry) {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].time > entry.time { low = middle + 1 } else { high = middle }
        }
        entries.insert(entry, at: low)
    }

    /// The next, if it is due.
    mutating func popFirst(at now: MonotonicTime) -> Entry? {
        guard let first, first <= now else { return nil }
        return entries.removeLast()
    }

    mutating func remove(_ observer: ObjectIdentifier) -> Entry? {
        entries.firstIndex { ObjectIdentifier($0.observer) == observer }.map { entries.remove(at: $0) }
    }
}
