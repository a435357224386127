import Control
import Policies

/// The settings in force, from what the operator says, a manifest, and the policy's defaults, in this order.
struct CurrentSettings {
    let policy: Policy
    /// `KNOB=VALUE`, as given on the command line.
    let given: [String]
    /// What a manifest of the target says.
    let manifest: TargetState

    func state() throws -> TargetState {
        var state = TargetState()
        for knob in policy.knobs { state.values[knob.name] = knob.assumed.map { KnobState($0, origin: .assumed) } }
        state.values.merge(manifest.values) { _, read in read }
        for text in given {
            let (knob, value) = try parse(text)
            guard state.values[knob.name]?.origin != .given else {
                throw CommandFailure("--current gives \(knob.name) twice; give it once")
            }
            state.values[knob.name] = KnobState(value, origin: .given)
        }
        return state
    }

    private func parse(_ text: String) throws -> (knob: Knob, value: KnobValue) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else {
            throw CommandFailure("--current '\(text)': expected KNOB=VALUE, for example replicas=2")
        }
        guard let knob = policy.knobs.first(where: { $0.name == parts[0] }) else {
            let names = policy.knobs.map(\.name).joined(separator: ", ")
            throw CommandFailure("--current '\(text)': policy \(policy.name) has no knob '\(parts[0])'; it has: \(names)")
        }
        return (knob, try value(String(parts[1]), of: knob))
    }

    private func value(_ text: String, of knob: Knob) throws -> KnobValue {
        switch knob.domain {
        case .range(let minimum, let maximum, _):
            guard let number = Int(text), number >= 0 else {
                throw CommandFailure(
                    "--current \(knob.name)=\(text): expected a whole number; the policy allows \(minimum) to \(maximum)")
            }
            return .integer(number)
        case .values(let values):
            return values.first { $0.description == text } ?? KnobValue(plain: text)
        }
    }
}
