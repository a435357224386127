public import Policies

/// A knob with the values that may be tried, in an order in which neighbours are alike.
public struct TunedKnob: Sendable, Codable, Hashable {
    public let name: String
    public let role: Knob.Role
    /// At least one, each once.
    public let values: [KnobValue]

    /// - Parameter values: Numbers are sorted; others keep their order. Without any this traps.
    public init(name: String, role: Knob.Role, values: [KnobValue]) {
        precondition(!values.isEmpty, "the knob '\(name)' has no values to try")
        self.name = name
        self.role = role
        var seen: Set<KnobValue> = []
        let whole = Configuration(Dictionary(uniqueKeysWithValues: values.enumerated().map { ("\($0.offset)", $0.element) }))
        let distinct = values.indices.compactMap { whole["\($0)"] }.filter { seen.insert($0).inserted }
        let areNumbers = distinct.allSatisfy { $0.numeric != nil }
        self.values = areNumbers ? distinct.sorted { ($0.numeric ?? 0) < ($1.numeric ?? 0) } : distinct
    }

    /// Place of a value among those that may be tried; for another number that of the nearest below, of a text `nil`.
    func position(of value: KnobValue) -> Int? {
        if let exact = values.firstIndex(where: { $0 == value }) { return exact }
        guard let number = value.numeric else { return nil }
        return values.lastIndex { ($0.numeric ?? .infinity) <= number } ?? 0
    }

    /// Whether a larger value needs more memory of a device.
    var takesMemory: Bool {
        switch role {
        case .concurrency, .batchTokens, .batchSize, .memoryShare: true
        case .replicas, .tensorParallel, .quantization, .caching, .other: false
        }
    }
}

/// What a tuner may try: a discrete grid with rules of what never works.
public struct TuningGrid: Sendable, Codable, Hashable {
    public let knobs: [TunedKnob]
    public var rules: [ConfigurationRule]
    /// How many knobs one move may change, 1 or 2.
    public var knobsPerMove = 2
    /// More moves than this are not weighed at once; those with the fewest steps come first.
    public static let maximumArms = 200

    public init(knobs: [TunedKnob], rules: [ConfigurationRule] = [], knobsPerMove: Int = 2) {
        self.knobs = knobs
        self.rules = rules
        self.knobsPerMove = knobsPerMove
    }

    /// Why a configuration must not be tried; `nil` where no rule speaks against it.
    public func refusal(of configuration: Configuration) -> String? {
        for rule in rules { if let reason = rule.refusal(of: configuration, in: self) { return reason } }
        return nil
    }

    /// Every configuration one knob away, or two where a move may change so many, rules not yet asked: nearest first, then by name.
    public func moves(from incumbent: Configuration) -> [Configuration] {
        var moves: [(steps: Int, to: Configuration)] = []
        for (index, knob) in knobs.enumerated() {
            for first in alternatives(of: knob, to: incumbent) {
                moves.append((first.steps, incumbent.setting(knob.name, to: first.value)))
                guard knobsPerMove > 1 else { continue }
                for other in knobs.dropFirst(index + 1) {
                    for second in alternatives(of: other, to: incumbent) {
                        let both = incumbent.setting(knob.name, to: first.value).setting(other.name, to: second.value)
                        moves.append((first.steps + second.steps, both))
                    }
                }
            }
        }
        let ordered = moves.map { (steps: $0.steps, name: "\($0.to)", to: $0.to) }.sorted { ($0.steps, $0.name) < ($1.steps, $1.name) }
        return ordered.prefix(Self.maximumArms).map(\.to)
    }

    /// Every configuration of the grid; at most a million, otherwise traps.
    public var all: [Configuration] {
        precondition(knobs.reduce(1.0) { $0 * Double($1.values.count) } <= 1e6, "a grid of more than a million configurations")
        return knobs.reduce([Configuration([:])]) { known, knob in
            known.flatMap { configuration in knob.values.map { configuration.setting(knob.name, to: $0) } }
        }
    }

    /// How many values apart two settings of a knob are, below 0 for less; at least one where they differ.
    public func steps(of name: String, from: KnobValue, to: KnobValue) -> Int {
        guard let knob = knobs.first(where: { $0.name == name }), let target = knob.position(of: to) else { return 1 }
        let difference = target - (knob.position(of: from) ?? 0)
        if difference != 0 { return difference }
        return (to.numeric ?? 0) < (from.numeric ?? 0) ? -1 : 1
    }

    func knob(of role: Knob.Role) -> TunedKnob? { knobs.first { $0.role == role } }

    private func alternatives(of knob: TunedKnob, to incumbent: Configuration) -> [(steps: Int, value: KnobValue)] {
        let current = incumbent[knob.name]
        let place = current.flatMap(knob.position) ?? 0
        return knob.values.enumerated().filter { $0.element != current }.map { (max(1, abs($0.offset - place)), $0.element) }
    }
}
