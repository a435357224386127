/// What all transfers of one event loop share. Belongs to its thread.
struct TransferCommon {
    let settings: ClientSettings
    let deliveries = Deliveries()
    let arrivals = Arrivals()
    let pace: ReadPace

    init(_ settings: ClientSettings) {
        self.settings = settings
        pace = ReadPace(interval: settings.readInterval)
    }
}
