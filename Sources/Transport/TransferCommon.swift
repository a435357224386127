/// What all transfers of one event loop share. Belongs to its thread.
struct TransferCommon {
    let settings: ClientSettings
    let deliveries: Deliveries
    let arrivals = Arrivals()
    let pace: ReadPace

    init(_ settings: ClientSettings) {
        self.settings = settings
        deliveries = Deliveries(interval: settings.deliveryInterval)
        pace = ReadPace(interval: settings.readInterval)
    }
}
