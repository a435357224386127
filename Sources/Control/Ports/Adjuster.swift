public import FoundationEssentials
public import Policies

/// Carries out changes of one target, and tells what is in force there.
///
/// The Kubernetes API, a user's command, the embedded engine and the world of a test are adjusters.
public protocol Adjuster: Sendable {
    /// What the target is and does now. Changes nothing.
    /// - Parameter knob: Of an adjustment that is open: it is read whether or not the policy has it any more, and in place of the policy's knob
    ///   of that name, which may be found elsewhere by now.
    func observe(with knob: Knob?) async throws(AdjusterError) -> TargetObservation
    /// Whether the target would take the change, as far as can be told without making it.
    func rehearse(_ order: ChangeOrder) async throws(AdjusterError)
    /// Makes the change, marking the target with the order's id. The change is in force or on its way when this returns.
    ///
    /// The value in force is tested against ``ChangeOrder/from`` in the same step as it is replaced; a target that already holds the order's
    /// value under the order's mark is left alone. Safe to repeat.
    func apply(_ order: ChangeOrder) async throws(AdjusterError)
    /// Takes the mark of a finished adjustment off the target; a target that bears another mark, or none, is left alone.
    func unmark(_ adjustment: UUID, fence: FencingToken) async throws(AdjusterError)
}

extension Adjuster {
    /// What the target is and does now, as far as its policy goes.
    public func observe() async throws(AdjusterError) -> TargetObservation { try await observe(with: nil) }
}

extension [Knob] {
    /// With another knob in place of the one of its name; the same where there is none.
    public func with(_ knob: Knob?) -> [Knob] { knob.map { knob in filter { $0.name != knob.name } + [knob] } ?? self }
}

/// One setting to be changed, or changed back.
public struct ChangeOrder: Sendable, Codable, Hashable {
    /// The adjustment this belongs to.
    public var adjustment: UUID
    public var policy: String
    public var direction: Direction
    public var knob: Knob
    /// What must be in force for the change to be made.
    public var from: KnobValue
    public var to: KnobValue
    /// The target the decision was made for, e.g. a UID; `nil` where targets have no identity.
    public var identity: String?
    public var fence: FencingToken

    public enum Direction: String, Sendable, Codable, Hashable {
        case forward, back
    }

    public init(
        adjustment: UUID, policy: String, direction: Direction, knob: Knob, from: KnobValue, to: KnobValue, identity: String?,
        fence: FencingToken
    ) {
        self.adjustment = adjustment
        self.policy = policy
        self.direction = direction
        self.knob = knob
        self.from = from
        self.to = to
        self.identity = identity
        self.fence = fence
    }
}

/// The number of a term of leadership; a later term has a greater number. Who holds an older one than a target has seen may not
/// change it; 0 is no number of a term, and such writes are not fenced.
public struct FencingToken: Sendable, Codable, Hashable, Comparable, RawRepresentable {
    public var rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (one: FencingToken, other: FencingToken) -> Bool { one.rawValue < other.rawValue }
}

/// What an adjuster saw of its target.
public struct TargetObservation: Sendable, Codable, Hashable {
    /// Changes when the target is deleted and made anew; `nil` where targets have no identity.
    public var identity: String?
    /// Settings in force, by knob name.
    public var values: [String: KnobState]
    public var rollout: Rollout
    /// Replicas that serve; `nil` where the target does not tell.
    public var readyReplicas: Int?
    /// The adjustment that last changed the target and is not finished, as the target itself bears it: known even if the store is lost.
    public var mark: AdjustmentMark?
    /// Whether the mark was written together with the value: where the old value is in force beside it, somebody set it back. Not so where a
    /// mark is written first, and the value elsewhere.
    public var markCameWithValue = false
    /// The newest term of leadership that wrote to the target; `nil` where none did.
    public var fence: FencingToken?
    /// Knobs somebody else is in charge of, and who, e.g. `replicas`: `HorizontalPodAutoscaler llm/chat-8b`.
    public var foreignOwners: [String: String]

    public init(identity: String? = nil, values: [String: KnobState] = [:], rollout: Rollout = .settled) {
        self.identity = identity
        self.values = values
        self.rollout = rollout
        foreignOwners = [:]
    }

    /// How far the target has got with taking up its settings.
    public enum Rollout: Sendable, Codable, Hashable {
        /// Everything runs with the settings in force.
        case settled
        /// On its way; a sentence with figures.
        case progressing(String)
        /// It cannot run for want of room: pods that fit on no node. May cure itself.
        case waitingForRoom(String)
        /// It will not get there: crash loop, progress deadline exceeded.
        case failed(String)
    }
}

/// What a target bears of an adjustment that is not finished: enough to take it back without the store.
public struct AdjustmentMark: Sendable, Codable, Hashable {
    public var adjustment: UUID
    public var policy: String
    public var knob: String
    public var from: KnobValue
    public var to: KnobValue

    public init(adjustment: UUID, policy: String, knob: String, from: KnobValue, to: KnobValue) {
        self.adjustment = adjustment
        self.policy = policy
        self.knob = knob
        self.from = from
        self.to = to
    }
}

extension AdjusterError {
    /// The sentence without the sort.
    public var explanation: String {
        switch self {
        case .unreachable(let why), .outcomeUnknown(let why), .conflict(let why), .changedByAnother(_, let why), .refused(let why),
            .gone(let why), .fenced(let why):
            why
        }
    }
}

/// Why an adjuster did not do what it was asked, sorted by what can be done about it. The texts hold no secrets.
public enum AdjusterError: Error, Sendable, Hashable {
    /// The target cannot be reached. Nothing was changed; trying again later may help.
    case unreachable(String)
    /// No answer came back: whether the change was made must be found out by looking.
    case outcomeUnknown(String)
    /// Somebody wrote at the same time. Nothing was changed; look again, decide again.
    case conflict(String)
    /// The value in force is not the one the change starts from; `found` is what is in force, `nil` where it could not be read.
    case changedByAnother(found: KnobValue?, String)
    /// The target does not take this change, now or when asked again: no permission, quota, invalid.
    case refused(String)
    /// The target is gone, or another one bears its name.
    case gone(String)
    /// This controller's term is over: a newer one has written to the target.
    case fenced(String)
}
