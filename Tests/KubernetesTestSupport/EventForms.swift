/// The two forms of an Event: `v1` and `events.k8s.io/v1`. It is kept as `v1`.
enum EventForms {
    private static let names = [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ]

    /// As it is kept.
    static func stored(_ event: JSONValue, group: String) -> JSONValue {
        var stored = event
        for (core, new) in names {
            if group == "events.k8s.io", let value = stored[new] {
                stored[new] = nil
                stored[core] = value
            }
        }
        stored.setDefault("source", to: [:])
        for name in ["firstTimestamp", "lastTimestamp", "eventTime"] where stored[name] == nil { stored[name] = .null }
        stored.setDefault("reportingComponent", to: "")
        stored.setDefault("reportingInstance", to: "")
        stored.setDefault("involvedObject", to: [:])
        return stored
    }

    static func presented(_ event: JSONValue, group: String) -> JSONValue {
        guard group == "events.k8s.io" else { return event }
        var shown = event
        for (core, new) in names {
            shown[new] = shown[core]
            shown[core] = nil
        }
        return shown
    }
}
