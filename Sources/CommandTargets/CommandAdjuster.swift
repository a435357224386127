public import Control
public import FoundationEssentials
import Learning
public import Policies
public import Transport

/// Changes an engine outside Kubernetes with commands or requests of the operator's own.
///
/// Such a target bears no annotations. Its mark and the newest term that wrote to it are kept in `NAME.json` of a folder, which is locked
/// while a change is made. The mark is on disk before `set` begins and comes off in the same write that ends a change taken back, so that
/// neither a crash in between nor a lost store leaves a change unknown.
public struct CommandAdjuster: Adjuster {
    let target: Policy.CommandTarget
    let knobs: [Knob]
    let runner: StepRunner
    let file: TargetRecordFile
    private let stateDirectory: String

    /// - Parameters:
    ///   - knobs: Of the policy; `set` has a placeholder for each.
    ///   - stateDirectory: Made where it is missing; beside the store is a good place.
    ///   - variables: The environment that PATH, HOME, LANG and the target's own list are taken from.
    ///   - client: Sends the requests of steps that are such; without one they are refused.
    public init(
        target: Policy.CommandTarget, knobs: [Knob], stateDirectory: String,
        variables: [String: String], client: HTTPClient? = nil
    ) {
        self.target = target
        self.knobs = knobs
        self.stateDirectory = stateDirectory
        runner = StepRunner(target: target, variables: variables, client: client)
        file = TargetRecordFile(directory: stateDirectory, target: target.name)
    }

    public func observe(with knob: Knob?) async throws(AdjusterError) -> TargetObservation {
        // Seen without its mark, a change on its way would look like somebody else's.
        let record = try readRecord { .unreachable($0) }
        let reported = try await reportedValues()
        var observation = TargetObservation()
        for knob in knobs.with(knob) {
            if let value = reported[knob.name] {
                observation.values[knob.name] = KnobState(value, origin: .live)
            } else if let assumed = knob.assumed {
                observation.values[knob.name] = KnobState(assumed, origin: .assumed)
            }
        }
        observation.mark = record.mark
        observation.fence = record.fence
        if let step = record.underWay {
            observation.rollout = .progressing(step.explanation)
        } else {
            observation.rollout = await rollout()
        }
        return observation
    }

    private func rollout() async -> TargetObservation.Rollout {
        guard let ready = target.ready else { return .settled }
        let outcome = await runner.run(ready, name: "ready", values: [:])
        return outcome.problem.map { .progressing("not ready: \($0)") } ?? .settled
    }

    public func rehearse(_ order: ChangeOrder) async throws(AdjusterError) {
        try checkFence(order.fence, readRecord { .refused($0) })
        let values = try await valuesInForce()
        try checkStart(of: order, values)
        _ = try substitution(for: order, values)
        if case .run(let words) = step(for: order).action, !FileManager.default.isExecutableFile(atPath: words[0]) {
            throw .refused("\(words[0]) is no program that may be started here")
        }
    }

    public func unmark(_ adjustment: UUID, fence: FencingToken) async throws(AdjusterError) {
        let lock = try takeLock()
        defer { withExtendedLifetime(lock) {} }
        var record = try readRecord { .refused($0) }
        try checkFence(fence, record)
        try checkNothingUnderWay(record)
        guard record.mark?.adjustment == adjustment else { return }
        record.mark = nil
        try write(&record, fence)
    }

    // MARK: What is in force

    /// What `get` says of the knobs, as their domains have it.
    func reportedValues() async throws(AdjusterError) -> [String: KnobValue] {
        let outcome = await runner.run(target.get, name: "get", values: [:])
        guard case .done(let bytes, let isCut) = outcome else { throw .unreachable(outcome.problem ?? "'get' said nothing") }
        guard !isCut else { throw .unreachable("'get' printed more than \(OutputHead.limitBytes) bytes") }
        do throws(ReportedSettings.Unreadable) {
            let reported = try ReportedSettings.read(bytes)
            return Dictionary(
                uniqueKeysWithValues: knobs.compactMap { knob in reported[knob.name].map { (knob.name, knob.canonical($0)) } })
        } catch {
            throw .unreachable("what 'get' printed cannot be read: \(error.text); expected JSON such as {\"slots\": 4} or lines knob=value")
        }
    }

    /// The same with the policy's defaults where `get` does not say.
    func valuesInForce() async throws(AdjusterError) -> [String: KnobValue] {
        var values = try await reportedValues()
        for knob in knobs { values[knob.name] = values[knob.name] ?? knob.assumed }
        return values
    }

    func checkStart(of order: ChangeOrder, _ values: [String: KnobValue]) throws(AdjusterError) {
        guard let found = values[order.knob.name] else { throw .unreachable("'get' says nothing of \(order.knob.name)") }
        guard found.isSame(as: order.from) else {
            throw .changedByAnother(
                found: found, "\(order.knob.name) of \(target.name) is \(found), and the change starts from \(order.from)")
        }
    }

    func step(for order: ChangeOrder) -> Policy.CommandStep { order.direction == .back ? target.undo ?? target.set : target.set }

    /// The values for the placeholders of a step: the new one, and of the other knobs the ones in force.
    func substitution(for order: ChangeOrder, _ values: [String: KnobValue]) throws(AdjusterError) -> [String: KnobValue] {
        var values = values
        values[order.knob.name] = order.to
        for name in step(for: order).templates.flatMap(\.placeholders) where values[name] == nil {
            throw .refused("'get' says nothing of \(name), which is set together with \(order.knob.name)")
        }
        // The system ends an argument at a NUL.
        if values.values.contains(where: { $0.description.contains("\0") }) { throw .refused("a value with a NUL cannot be passed on") }
        return values
    }

    // MARK: The record

    func readRecord(_ sort: (String) -> AdjusterError) throws(AdjusterError) -> TargetRecord {
        do throws(TargetRecordFile.Failure) {
            return try file.read()
        } catch {
            throw sort(error.text)
        }
    }

    func checkFence(_ fence: FencingToken, _ record: TargetRecord) throws(AdjusterError) {
        guard fence.rawValue != 0, fence < record.fence else { return }
        throw .fenced("term \(record.fence.rawValue) has written to \(target.name), and this is term \(fence.rawValue)")
    }

    /// A command that a controller started before it was killed may still change the value.
    func checkNothingUnderWay(_ record: TargetRecord) throws(AdjusterError) {
        if let step = record.underWay { throw .unreachable(step.explanation) }
    }

    func write(_ record: inout TargetRecord, _ fence: FencingToken) throws(AdjusterError) {
        record.fence = max(record.fence, fence)
        do throws(TargetRecordFile.Failure) {
            try file.write(record)
        } catch {
            throw .unreachable(error.text)
        }
    }

    func takeLock() throws(AdjusterError) -> TargetLock {
        do {
            try FileManager.default.createDirectory(atPath: stateDirectory, withIntermediateDirectories: true)
        } catch {
            throw .unreachable("the folder \(stateDirectory) cannot be made")
        }
        do throws(TargetRecordFile.Failure) {
            if let lock = try TargetLock(file) { return lock }
        } catch {
            throw .unreachable(error.text)
        }
        throw .unreachable("another process is changing \(target.name) and holds \(file.path).lock")
    }
}
