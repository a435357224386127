public import Policies

/// A possible change of one knob.
public struct Candidate: Sendable, Codable, Hashable {
    public var knob: String
    public var role: Knob.Role
    public var from: KnobValue
    public var to: KnobValue
    /// The direction: +1 towards larger (or later listed) values, −1 towards smaller ones.
    public var step: Int

    public init(knob: String, role: Knob.Role, from: KnobValue, to: KnobValue, step: Int) {
        self.knob = knob
        self.role = role
        self.from = from
        self.to = to
        self.step = step
    }

    /// The change that undoes this one.
    public var inverse: Candidate { Candidate(knob: knob, role: role, from: to, to: from, step: -step) }

    /// The name under which the effects of such changes are learned, e.g. `replicas +1`.
    public var actionName: String { "\(knob) \(step >= 0 ? "+" : "")\(step)" }

    /// New value over old value; `nil` where they are not positive numbers.
    public var ratio: Double? {
        guard let from = from.numeric, let to = to.numeric, from > 0, to > 0 else { return nil }
        return to / from
    }
}

/// Why a knob offers no candidate in a direction.
public enum NoCandidate: Sendable, Codable, Hashable {
    case atLimit(KnobValue)
    /// The value in force is none of the allowed ones.
    case outsideDomain(KnobValue)
}

extension Knob {
    /// The neighbouring allowed values, one step down and one step up.
    ///
    /// A value outside of the bounds gets only the candidate that leads back to the nearest bound.
    public func neighbours(of value: KnobValue) -> [(step: Int, outcome: Result<Candidate, CandidateError>)] {
        [-1, 1].map { step in
            (step, neighbour(of: value, step: step).map { Candidate(knob: name, role: role, from: value, to: $0, step: step) })
        }
    }

    /// The largest allowed value that is no more than so many times a value; `nil` where it is no larger than the next one up.
    public func candidate(from value: KnobValue, timesAtMost ratio: Double) -> Candidate? {
        guard let current = value.numeric, let next = try? neighbour(of: value, step: 1).get().numeric else { return nil }
        let wanted = current * ratio
        let found: KnobValue? =
            switch domain {
            case .range(let minimum, let maximum, let width):
                wanted >= Double(maximum)
                    ? .integer(maximum) : .integer(minimum + max(0, Int(wanted) - minimum) / width * width)
            case .values(let listed):
                listed.filter { ($0.numeric ?? .infinity) <= wanted }.max { ($0.numeric ?? 0) < ($1.numeric ?? 0) }
            }
        guard let found, let number = found.numeric, number > next else { return nil }
        return Candidate(knob: name, role: role, from: value, to: found, step: 1)
    }

    private func neighbour(of value: KnobValue, step: Int) -> Result<KnobValue, CandidateError> {
        switch domain {
        case .range(let minimum, let maximum, let width):
            guard let current = value.wholeNumber else { return .failure(CandidateError(.outsideDomain(value))) }
            if current < minimum { return step > 0 ? .success(.integer(minimum)) : .failure(CandidateError(.outsideDomain(value))) }
            if current > maximum { return step < 0 ? .success(.integer(maximum)) : .failure(CandidateError(.outsideDomain(value))) }
            let next = min(max(current + step * width, minimum), maximum)
            return next == current ? .failure(CandidateError(.atLimit(value))) : .success(.integer(next))
        case .values(let listed):
            // Numbers have an order of their own, however they are listed; texts have that of the list.
            let numbers = listed.compactMap(\.numeric)
            let values = numbers.count == listed.count ? listed.sorted { ($0.numeric ?? 0) < ($1.numeric ?? 0) } : listed
            guard let index = values.firstIndex(where: { $0.isSame(as: value) }) else {
                return .failure(CandidateError(.outsideDomain(value)))
            }
            let next = index + step
            return values.indices.contains(next) ? .success(values[next]) : .failure(CandidateError(.atLimit(value)))
        }
    }
}

/// Carries a ``NoCandidate`` as the failure of a `Result`.
public struct CandidateError: Error, Hashable {
    public let reason: NoCandidate

    public init(_ reason: NoCandidate) { self.reason = reason }
}

extension KnobValue {
    /// Equal as a setting: `8` and `8.0` are one value.
    public func isSame(as other: KnobValue) -> Bool {
        if let numeric, let theirs = other.numeric { return numeric == theirs }
        return self == other
    }
}
