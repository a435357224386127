/// Readers that have something to read and are not awake yet. Belongs to the event loop's thread.
///
/// Waking a task costs more than reading a packet, and a burst of wakings hardly more than one. So readers are woken together, after all
/// that was ready has been read and stamped.
final class Deliveries {
    private var readers: [ObjectIdentifier: any TransferObserver] = [:]

    func add(_ reader: any TransferObserver) { readers[ObjectIdentifier(reader)] = reader }

    func deliver() {
        guard !readers.isEmpty else { return }
        for reader in readers.values { reader.deliver() }
        readers.removeAll(keepingCapacity: true)
    }
}
