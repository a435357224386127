import BenchmarkFormats
import LatencyLens
import Synchronization

/// Tells on standard error how far a load test is: one line that changes on a terminal, a line now and then elsewhere.
final class LensProgress: Sendable {
    private let isTerminal = Terminal.errorIsTerminal
    private let nextLine = Mutex(ContinuousClock.now + .seconds(5))

    func show(_ look: ProgressSnapshot) {
        var progress = LoadProgress(label: look.label, stage: look.stage + 1, stages: look.stages, elapsed: look.elapsed)
        progress.succeeded = look.tally.succeeded
        progress.failed = look.tally.failed
        progress.inFlight = look.inFlight
        progress.waiting = look.waiting
        progress.timeToFirstToken = look.tally.timeToFirstToken
        progress.timePerOutputToken = look.tally.timePerOutputToken
        progress.done = look.done
        progress.timeLeft = look.timeLeft
        if isTerminal { return Terminal.standardError(progress.terminalLine(columns: Terminal.columns)) }
        let isDue = nextLine.withLock { next in
            guard ContinuousClock.now >= next else { return false }
            next = ContinuousClock.now + .seconds(5)
            return true
        }
        if isDue { Terminal.standardError(progress.plainLine + "\n") }
    }

    func end() {
        if isTerminal { Terminal.standardError(LoadProgress.clearLine) }
    }
}
