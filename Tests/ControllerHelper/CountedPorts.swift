public import Control
public import FoundationEssentials
public import Measurements
public import Policies
import Synchronization

/// Counts what a controller does, and is asked before and after each: to kill the process, to fail, or to write it down.
public final class StepCounter: Sendable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case commit, call
    }

    /// A commit to the journal, or a call of the adjuster.
    public struct Step: Sendable, Hashable {
        public var kind: Kind
        /// From 1, by kind.
        public var number: Int
        /// Of a call, its name.
        public var name: String
        /// The state of the last adjustment that was committed, with this commit; empty before the first.
        public var state: String
    }

    private struct State {
        var counts: [Kind: Int] = [:]
        var adjustment = ""
    }

    private let state = Mutex(State())
    private let before: @Sendable (Step) throws -> Void
    private let after: @Sendable (Step) throws -> Void

    public init(before: @escaping @Sendable (Step) throws -> Void = { _ in }, after: @escaping @Sendable (Step) throws -> Void = { _ in }) {
        self.before = before
        self.after = after
    }

    public func count(_ kind: Kind) -> Int { state.withLock { $0.counts[kind, default: 0] } }

    func begin(_ kind: Kind, _ name: String, state adjustment: AdjustmentState? = nil) throws -> Step {
        let step = state.withLock { state in
            state.counts[kind, default: 0] += 1
            if let adjustment { state.adjustment = adjustment.rawValue }
            return Step(kind: kind, number: state.counts[kind]!, name: name, state: state.adjustment)
        }
        try before(step)
        return step
    }

    func end(_ step: Step) throws { try after(step) }
}

/// A journal whose commits are counted.
public struct CountedJournal: Journal {
    private let journal: any Journal
    private let counter: StepCounter

    public init(_ journal: any Journal, _ counter: StepCounter) {
        self.journal = journal
        self.counter = counter
    }

    public func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory {
        try journal.memory(of: policy, target: target, since: since)
    }
    public func openAdjustments() throws -> [OpenAdjustment] { try journal.openAdjustments() }
    public func requests() throws -> [OperatorRequest] { try journal.requests() }
    public func adjustment(_ id: UUID) throws -> Adjustment? { try journal.adjustment(id) }
    public func tuner(of policy: String, target: String) throws -> StoredTuner? { try journal.tuner(of: policy, target: target) }
    public func keep(_ tuner: StoredTuner, of policy: String, target: String) throws {
        try journal.keep(tuner, of: policy, target: target)
    }
    public func finishedTrials(of policy: String, target: String, since: Timestamp) throws -> [Adjustment] {
        try journal.finishedTrials(of: policy, target: target, since: since)
    }

    public func commit(_ entry: JournalEntry) throws {
        let step = try counter.begin(.commit, "commit", state: entry.adjustment?.state)
        try journal.commit(entry)
        try counter.end(step)
    }
}

/// An adjuster whose calls are counted. What is thrown before a call is as if no answer could be had.
public struct CountedAdjuster: Adjuster {
    private let adjuster: any Adjuster
    private let counter: StepCounter

    public init(_ adjuster: any Adjuster, _ counter: StepCounter) {
        self.adjuster = adjuster
        self.counter = counter
    }

    public func observe(with knob: Knob?) async throws(AdjusterError) -> TargetObservation {
        try await counted("observe") { () async throws(AdjusterError) in try await adjuster.observe(with: knob) }
    }
    public func rehearse(_ order: ChangeOrder) async throws(AdjusterError) {
        try await counted("rehearse") { () async throws(AdjusterError) in try await adjuster.rehearse(order) }
    }
    public func apply(_ order: ChangeOrder) async throws(AdjusterError) {
        try await counted("apply") { () async throws(AdjusterError) in try await adjuster.apply(order) }
    }
    public func unmark(_ adjustment: UUID, fence: FencingToken) async throws(AdjusterError) {
        try await counted("unmark") { () async throws(AdjusterError) in try await adjuster.unmark(adjustment, fence: fence) }
    }

    private func counted<Value>(_ name: String, _ call: () async throws(AdjusterError) -> Value) async throws(AdjusterError) -> Value {
        try await counter.counted(name, call)
    }
}

/// A canary whose calls are counted.
public struct CountedCanary: CanaryTarget {
    private let canary: any CanaryTarget
    private let counter: StepCounter

    public init(_ canary: any CanaryTarget, _ counter: StepCounter) {
        self.canary = canary
        self.counter = counter
    }

    public func rehearse(_ order: CanaryOrder) async throws(AdjusterError) {
        try await counter.counted("canary-rehearse") { () async throws(AdjusterError) in try await canary.rehearse(order) }
    }
    public func prepare(_ order: CanaryOrder) async throws(AdjusterError) {
        try await counter.counted("canary-prepare") { () async throws(AdjusterError) in try await canary.prepare(order) }
    }
    public func apply(_ order: CanaryOrder) async throws(AdjusterError) {
        try await counter.counted("canary-apply") { () async throws(AdjusterError) in try await canary.apply(order) }
    }
    public func promote(_ order: CanaryOrder) async throws(AdjusterError) {
        try await counter.counted("canary-promote") { () async throws(AdjusterError) in try await canary.promote(order) }
    }
    public func remove(_ experiment: UUID?, of change: ChangeOrder?, fence: FencingToken) async throws(AdjusterError) {
        try await counter.counted("canary-remove") { () async throws(AdjusterError) in
            try await canary.remove(experiment, of: change, fence: fence)
        }
    }
    public func status(of change: ChangeOrder?) async throws(AdjusterError) -> CanaryStatus {
        try await counter.counted("observe") { () async throws(AdjusterError) in try await canary.status(of: change) }
    }
}

extension StepCounter {
    fileprivate func counted<Value>(_ name: String, _ call: () async throws(AdjusterError) -> Value) async throws(AdjusterError) -> Value {
        // What a test throws here says nothing but that the call is to fail.
        guard let step = try? begin(.call, name) else { throw .unreachable("the test cut it off") }
        let value = try await call()
        // An answer that is lost after the call was carried out.
        guard (try? end(step)) != nil else { throw .outcomeUnknown("the test lost the answer") }
        return value
    }
}
