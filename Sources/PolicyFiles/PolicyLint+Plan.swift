internal import Measurements
internal import Policies

extension PolicyLint {
    /// Periods longer than this tell too late.
    private static let longestInterval = Duration.seconds(60)

    /// Warns of a plan that will hardly ever be one.
    func checkPlan(of knob: Knob, _ log: inout DiagnosticLog) {
        let place = places.place(.key("knobs"), .key(knob.name), .key("plan"))
        if !policy.monitor.sources.contains(where: \.tellsLoad) {
            let presets = Policy.Source.presetsThatTellLoad.joined(separator: " or ")
            log.warning(
                place,
                "no source tells how many requests come, so there is no plan and what runs stays: "
                    + "add a source prometheus or scrape with the preset \(presets)")
        }
        if policy.monitor.interval > Self.longestInterval {
            log.warning(
                places.place(.key("monitor"), .key("interval")),
                "a plan looks every 15s to 1m; every \(FigureText.duration(policy.monitor.interval)) it sees demand too late")
        }
        for (name, budget) in [("reversals", policy.budgets.reversals), ("adjustments", policy.budgets.adjustments)] where budget != nil {
            log.warning(
                places.place(.key("budgets"), .key(name)),
                "a plan changes \(knob.name) several times an hour, and '\(name)' counts these changes too: limit them by 'behavior' instead"
            )
        }
    }
}
