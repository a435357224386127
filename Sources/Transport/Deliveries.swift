/// Readers that have something to read and are not awake yet. Belongs to the event loop's thread.
///
/// Waking a task costs more than reading a packet, and a burst of wakings hardly more than one. So readers are woken together: after all
/// that was ready has been read and stamped, and no more often than the client's delivery interval.
final class Deliveries {
    private let interval: Duration
    private var readers: [ObjectIdentifier: any TransferObserver] = [:]
    private var notBefore = MonotonicTime.now

    init(interval: Duration) { self.interval = interval }

    /// When the next readers are to be woken; `nil` where there are none.
    var due: MonotonicTime? { readers.isEmpty ? nil : notBefore }

    func add(_ reader: any TransferObserver) { readers[ObjectIdentifier(reader)] = reader }

    /// Lets the next look deliver, however early: a reader that has all it may have must read before anything else can come.
    func hurry() { notBefore = .now }

    /// Wakes all, if it is time.
    func deliver() {
        guard let due, due <= .now else { return }
        for reader in readers.values { reader.deliver() }
        readers.removeAll(keepingCapacity: true)
        notBefore = .now + interval
    }
}
