public import Control
import Learning
import Policies

extension CommandAdjuster {
    public func apply(_ order: ChangeOrder) async throws(AdjusterError) {
        let lock = try takeLock()
        defer { withExtendedLifetime(lock) {} }
        var record = try readRecord { .refused($0) }
        try checkFence(order.fence, record)
        try checkNothingUnderWay(record)
        let values = try await valuesInForce(for: order, record)
        if record.mark?.adjustment == order.adjustment, let found = values[order.knob.name], found.isSame(as: order.to) {
            return try settle(order, &record)
        }
        try checkStart(of: order, values)
        let placeholders = try substitution(for: order, values)
        let before = record
        if order.direction == .forward {
            record.mark = AdjustmentMark(
                adjustment: order.adjustment, policy: order.policy, knob: order.knob.name, from: order.from, to: order.to)
        }
        record.step = UnfinishedStep(name: stepName(for: order), timeout: step(for: order).timeout)
        try write(&record, order.fence)
        let begun = record
        let outcome = await runner.run(step(for: order), name: stepName(for: order), values: placeholders) { process in
            // Without its number the step counts as under way until its time is over.
            try? file.write(begun.with(process: process))
        }
        record.step = nil
        try write(&record, order.fence)
        try await conclude(order, outcome, &record, before: before)
    }

    /// The way back is open while the engine says nothing, if what we changed is on record: it is to be got out of there.
    private func valuesInForce(for order: ChangeOrder, _ record: TargetRecord) async throws(AdjusterError) -> [String: KnobValue] {
        do throws(AdjusterError) {
            return try await valuesInForce()
        } catch {
            guard order.direction == .back, record.mark?.adjustment == order.adjustment else { throw error }
            return [order.knob.name: order.from]
        }
    }

    private func stepName(for order: ChangeOrder) -> String { order.direction == .back && target.undo != nil ? "undo" : "set" }

    /// The change is in force. One that was taken back leaves no mark.
    private func settle(_ order: ChangeOrder, _ record: inout TargetRecord) throws(AdjusterError) {
        guard order.direction == .back, record.mark?.adjustment == order.adjustment else { return }
        record.mark = nil
        do throws(AdjusterError) {
            try write(&record, order.fence)
        } catch {
            throw .outcomeUnknown("\(order.knob.name) is \(order.to) again, but its mark could not be taken off: \(error.explanation)")
        }
    }

    /// Reads back, whatever the step said: an exit status is a word, the value in force is a fact.
    private func conclude(
        _ order: ChangeOrder, _ outcome: StepOutcome, _ record: inout TargetRecord, before: TargetRecord
    ) async throws(AdjusterError) {
        if let refusal = outcome.didNotBegin {
            record.mark = before.mark
            try write(&record, order.fence)
            throw refusal
        }
        let said = outcome.problem.map { "; \($0)" } ?? ""
        let found: KnobValue?
        do throws(AdjusterError) {
            found = try await valuesInForce()[order.knob.name]
        } catch {
            throw .outcomeUnknown("whether \(order.knob.name) is \(order.to) could not be read back: \(error.explanation)\(said)")
        }
        guard let found else { throw .outcomeUnknown("'get' says nothing of \(order.knob.name) any more\(said)") }
        if found.isSame(as: order.to) {
            if case .failed(let why) = outcome { throw .outcomeUnknown("\(order.knob.name) is \(found), although \(why)") }
            return try settle(order, &record)
        }
        guard found.isSame(as: order.from) else {
            throw .changedByAnother(
                found: found, "\(order.knob.name) of \(target.name) is \(found) after it was set from \(order.from) to \(order.to)\(said)")
        }
        guard case .failed(let why) = outcome else {
            throw .outcomeUnknown("\(order.knob.name) of \(target.name) is still \(found) and should be \(order.to)\(said)")
        }
        record.mark = before.mark
        try write(&record, order.fence)
        throw .refused(why)
    }
}

extension StepOutcome {
    /// Why nothing can have been changed; `nil` where something may have been.
    fileprivate var didNotBegin: AdjusterError? {
        switch self {
        case .notBegun(let why): .refused(why)
        case .unreachable(let why): .unreachable(why)
        case .done, .failed, .unknown: nil
        }
    }
}
