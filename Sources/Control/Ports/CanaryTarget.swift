public import FoundationEssentials
public import Policies

/// Carries out a matched canary at one target: two groups of equally many replicas, of which one takes the change and the other does not,
/// while the rest stays as it is.
///
/// Every verb does what can be done now and returns; it is called again, with the same order, until ``status()`` says that its stage is
/// reached. All of it is safe to repeat and to break off anywhere: what there is to know stands at the target itself.
///
///     prepare … prepare → (A/A period) → apply … apply → (comparison) → promote … promote → remove … remove
///                                                                      └──────────────────► remove … remove
public protocol CanaryTarget: Sendable {
    /// Whether the target would take the canary, as far as can be told without making it. Changes nothing.
    /// - Throws: `.refused` with the cure where it would not.
    func rehearse(_ order: CanaryOrder) async throws(AdjusterError)
    /// Makes both groups, with the settings in force: the A/A period may begin once the stage is reached.
    /// - Throws: `.changedByAnother` where somebody interferes; the groups are then being taken away.
    func prepare(_ order: CanaryOrder) async throws(AdjusterError)
    /// Makes the change in the canary group only.
    func apply(_ order: CanaryOrder) async throws(AdjusterError)
    /// Makes the change everywhere; the groups stay until ``remove(_:of:fence:)``.
    func promote(_ order: CanaryOrder) async throws(AdjusterError)
    /// Takes the groups away and gives the target back its replicas. The change stays where ``promote(_:)`` was asked for, else it goes too.
    ///
    /// Finds what is left of any experiment, also of one nobody remembers.
    /// - Parameters:
    ///   - experiment: Whose canary is to go; `nil` for whatever there is.
    ///   - change: What it tries, forward, where its adjustment is known: its knob is read whatever the policy says by now, and what somebody
    ///     took the mark from is recognized by it.
    /// - Throws: `.refused` where something is left that only a person can judge; the text says what and how.
    func remove(_ experiment: UUID?, of change: ChangeOrder?, fence: FencingToken) async throws(AdjusterError)
    /// What there is of a canary now. Changes nothing.
    /// - Parameter change: As for ``remove(_:of:fence:)``.
    func status(of change: ChangeOrder?) async throws(AdjusterError) -> CanaryStatus
}

extension CanaryTarget {
    /// Takes away what stands at the target itself.
    public func remove(_ experiment: UUID?, fence: FencingToken) async throws(AdjusterError) {
        try await remove(experiment, of: nil, fence: fence)
    }

    /// What there is, as far as it stands at the target itself.
    public func status() async throws(AdjusterError) -> CanaryStatus { try await status(of: nil) }
}

/// One experiment with a matched canary.
public struct CanaryOrder: Sendable, Codable, Hashable {
    /// The change to be tried; its `adjustment` names the experiment, its direction is forward.
    public var change: ChangeOrder
    /// Replicas in each of the two groups, at least 1.
    public var podsPerGroup: Int

    public init(change: ChangeOrder, podsPerGroup: Int) {
        self.change = change
        self.podsPerGroup = podsPerGroup
    }

    /// A quarter of the replicas in each group leaves half of them alone; `nil` where there are fewer than ``fewestReplicas``.
    public static func podsPerGroup(of replicas: Int) -> Int? { replicas >= fewestReplicas ? replicas / 4 : nil }

    /// Below that, two groups and a rest cannot be told apart from chance.
    public static let fewestReplicas = 4
}

/// What a target bears of a canary: enough to take it away without any store.
public struct CanaryMark: Sendable, Codable, Hashable {
    public var experiment: UUID
    public var policy: String
    public var knob: String
    public var from: KnobValue
    public var to: KnobValue
    public var podsPerGroup: Int
    /// Of the target before the canary, and after it.
    public var replicas: Int
    public var stage: CanaryStage
    /// Whether the change stays when the groups go.
    public var keepsChange: Bool

    public init(
        experiment: UUID, policy: String, knob: String, from: KnobValue, to: KnobValue, podsPerGroup: Int, replicas: Int,
        stage: CanaryStage = .prepared, keepsChange: Bool = false
    ) {
        self.experiment = experiment
        self.policy = policy
        self.knob = knob
        self.from = from
        self.to = to
        self.podsPerGroup = podsPerGroup
        self.replicas = replicas
        self.stage = stage
        self.keepsChange = keepsChange
    }
}

/// What a canary is meant to be; whether it is there yet is told by ``CanaryStatus/rollout``.
public enum CanaryStage: String, Sendable, Codable, Hashable, CaseIterable {
    /// Both groups run with the old settings.
    case prepared
    /// The canary group runs with the change.
    case applied
    /// Everything but the control group runs with the change.
    case promoted
    /// The groups go.
    case removing
}

/// What there is of a canary.
public struct CanaryStatus: Sendable, Codable, Hashable {
    /// `nil` where the target bears none.
    public var mark: CanaryMark?
    /// How far the target has got with the mark's stage; without a mark, with being rid of what was left.
    public var rollout: TargetObservation.Rollout
    public var canary: [CanaryPod]
    public var control: [CanaryPod]
    /// Pods of the target in neither group.
    public var rest: [CanaryPod]
    /// What somebody else did to the target or a group meanwhile, a sentence; the canary is then to be removed.
    public var interference: String?
    /// What belongs to no experiment of this target that goes on: groups, or a partition whose mark somebody took off; ``CanaryTarget/remove(_:of:fence:)`` takes them away.
    public var orphans: [String]

    public init(mark: CanaryMark?, rollout: TargetObservation.Rollout) {
        self.mark = mark
        self.rollout = rollout
        canary = []
        control = []
        rest = []
        orphans = []
    }

    /// Whether nothing of a canary is left.
    public var isGone: Bool { mark == nil && orphans.isEmpty }

    /// Whether nothing of one experiment is left; the groups of another one may be there.
    public func isGone(_ experiment: UUID) -> Bool { mark?.experiment != experiment && orphans.isEmpty }

    /// Whether a stage is reached and both groups are whole, so that measurements of them count.
    public func isReady(_ stage: CanaryStage) -> Bool {
        guard let mark, mark.stage == stage, rollout == .settled, interference == nil else { return false }
        return [canary, control].allSatisfy { group in group.filter(\.counts).count == mark.podsPerGroup }
    }
}

/// A replica of a group, by what measurements of it are known by.
public struct CanaryPod: Sendable, Codable, Hashable {
    /// As in the label `pod` of metrics.
    public var name: String
    /// Its IP address; `nil` before it has one.
    public var address: String?
    public var node: String?
    public var isReady: Bool
    /// Whether it runs the settings that its group is to run.
    public var isCurrent: Bool
    /// What keeps it from running, e.g. a crash loop or a container killed for want of memory; a sentence.
    public var trouble: String?
    /// How often its containers were started again since it was made; `nil` where nobody tells.
    public var restarts: Int?
    /// Whether a container ended last for want of memory; `nil` where nobody tells.
    public var wasKilledForMemory: Bool?

    public init(name: String, address: String?, node: String? = nil, isReady: Bool, isCurrent: Bool, trouble: String? = nil) {
        self.name = name
        self.address = address
        self.node = node
        self.isReady = isReady
        self.isCurrent = isCurrent
        self.trouble = trouble
    }

    /// Whether what is measured of it is of its group.
    public var counts: Bool { isReady && isCurrent && trouble == nil }
}
