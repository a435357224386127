public import Policies

/// Settings of an engine by the names of their knobs.
public struct Configuration: Sendable, Codable, Hashable, CustomStringConvertible {
    /// Whole numbers are kept as such: `8` and `8.0` are one configuration.
    public let values: [String: KnobValue]

    public init(_ values: [String: KnobValue]) {
        self.values = values.mapValues { value in value.wholeNumber.map(KnobValue.integer) ?? value }
    }

    public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode([String: KnobValue].self)) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }

    public subscript(knob: String) -> KnobValue? { values[knob] }

    public func setting(_ knob: String, to value: KnobValue) -> Configuration {
        var values = values
        values[knob] = value
        return Configuration(values)
    }

    /// The knobs in which another configuration differs, by name.
    public func knobs(differingIn other: Configuration) -> [String] {
        Set(values.keys).union(other.values.keys).filter { values[$0] != other.values[$0] }.sorted()
    }

    /// `max_num_batched_tokens=512, max_num_seqs=64`: the same text for the same settings.
    public var description: String { values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") }
}
