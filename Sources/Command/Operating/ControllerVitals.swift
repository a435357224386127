import Control
import Foundation
import Synchronization

/// Whether the controller is alive and what it has done, for probes and scrapes.
final class ControllerVitals: Announcer {
    private struct State {
        var lastBeat: ContinuousClock.Instant?
        var policies = 0
        var open = 0
        var events: [ControlEvent.Kind: Int] = [:]
    }

    private let state = Mutex(State())
    /// A main loop that was silent for longer hangs.
    private static let longestSilence = Duration.seconds(60)
    private let start = ContinuousClock.now

    func announce(_ event: ControlEvent) { state.withLock { $0.events[event.kind, default: 0] += 1 } }

    /// The main loop went round.
    func beat(policies: Int, open: Int) {
        state.withLock { state in
            state.lastBeat = .now
            state.policies = policies
            state.open = open
        }
    }

    var isAlive: Bool { ContinuousClock.now - (state.withLock(\.lastBeat) ?? start) <= Self.longestSilence }

    /// Policies were read and the loops began.
    var isReady: Bool { state.withLock { $0.lastBeat != nil } && isAlive }

    /// The page of `/metrics`, in the Prometheus text format.
    func page(isLeader: Bool) -> String {
        let state = state.withLock { $0 }
        var lines = [
            "# HELP auto_optimizer_build_info Constant 1, with the version.", "# TYPE auto_optimizer_build_info gauge",
            "auto_optimizer_build_info{version=\"\(LLMAutoOptimizer.version)\"} 1",
            "# HELP auto_optimizer_leader Whether this controller may act.", "# TYPE auto_optimizer_leader gauge",
            "auto_optimizer_leader \(isLeader ? 1 : 0)",
            "# HELP auto_optimizer_policies Policies that are run.", "# TYPE auto_optimizer_policies gauge",
            "auto_optimizer_policies \(state.policies)",
            "# HELP auto_optimizer_open_adjustments Changes on their way.", "# TYPE auto_optimizer_open_adjustments gauge",
            "auto_optimizer_open_adjustments \(state.open)",
            "# HELP auto_optimizer_events_total Events by kind, as told in the log.", "# TYPE auto_optimizer_events_total counter",
        ]
        lines += ControlEvent.Kind.allCases.map { "auto_optimizer_events_total{event=\"\($0.rawValue)\"} \(state.events[$0] ?? 0)" }
        return lines.joined(separator: "\n") + "\n"
    }
}
