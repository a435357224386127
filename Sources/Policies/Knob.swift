/// One adjustable setting of the target, with its bounds and its place.
public struct Knob: Sendable, Codable, Hashable {
    /// As in the policy file, e.g. `replicas` or `maxNumSeqs`.
    public var name: String
    public var domain: Domain
    public var place: Place
    /// The value in force where the target does not say, such as an engine's own default for a flag that is not given.
    public var assumed: KnobValue?
    /// What kind of setting this is, which decides what physics says of its effect.
    public var role: Role
    /// How the number of replicas is planned; `nil` where triggers move the knob, step by step.
    public var plan: ReplicaPlanTerms?

    public init(
        name: String, domain: Domain, place: Place, assumed: KnobValue? = nil, role: Role, plan: ReplicaPlanTerms? = nil
    ) {
        self.name = name
        self.domain = domain
        self.place = place
        self.assumed = assumed
        self.role = role
        self.plan = plan
    }

    /// Which values are allowed.
    public enum Domain: Sendable, Codable, Hashable {
        /// Whole numbers from `min` through `max`, `step` apart counted from `min`.
        case range(min: Int, max: Int, step: Int)
        /// Listed values in the order of the file, in which neighbours are neighbours.
        case values([KnobValue])
    }

    /// Where the setting lives in a workload.
    public enum Place: Sendable, Codable, Hashable {
        /// The scale subresource.
        case replicas
        case containerArgument(container: String, flag: String)
        case environment(container: String, name: String)
        case configMapKey(configMap: String, key: String)
        /// A resource request and limit, e.g. `nvidia.com/gpu`.
        case resource(container: String, resource: String)
        /// A field of the target object, by JSON pointer (RFC 6901).
        case field(pointer: String)
        /// The placeholder of this name in the commands of a command target.
        case parameter(name: String)
    }

    public enum Role: String, Sendable, Codable, Hashable, CaseIterable {
        /// Number of copies of the engine.
        case replicas
        /// Most sequences decoded together (vLLM's `--max-num-seqs`, llama.cpp's slots).
        case concurrency
        /// Most tokens in one iteration (vLLM's `--max-num-batched-tokens`).
        case batchTokens
        /// A static batch size.
        case batchSize
        /// Share of device memory given to the engine, which sets its room for KV cache.
        case memoryShare
        /// Number of devices one replica is spread over.
        case tensorParallel
        case quantization
        /// Prefix caching and other caches.
        case caching
        case other
    }
}

/// A value of a knob: whole number, number, text or switch.
public enum KnobValue: Sendable, Hashable, CustomStringConvertible {
    case integer(Int)
    case number(Double)
    case text(String)
    case flag(Bool)

    /// The plainest reading of a text: a whole number, a number, a switch, or the text itself.
    public init(plain text: String) {
        if let number = Int(text) {
            self = .integer(number)
        } else if let number = Double(text), number.isFinite {
            self = .number(number)
        } else if let flag = Bool(text) {
            self = .flag(flag)
        } else {
            self = .text(text)
        }
    }

    /// The value as a number, where it is one.
    public var numeric: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .text, .flag: nil
        }
    }

    /// The value as a whole number, where it is one: `8` and `8.0` are one setting, and JSON does not keep them apart.
    public var wholeNumber: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        case .text, .flag: nil
        }
    }

    public var description: String {
        switch self {
        case .integer(let value): "\(value)"
        case .number(let value): wholeNumber.map(String.init) ?? "\(value)"
        case .text(let value): value
        case .flag(let value): "\(value)"
        }
    }
}

extension KnobValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {  // Each attempt answers "is it this type?"; the last one reports.
            self = .flag(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        }
    }
}
