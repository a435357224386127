public import Scaling

/// A way of scaling that others use, by the name a user gives it.
public struct Baseline: Sendable {
    public let name: String
    /// One sentence.
    public let summary: String
    public let options: [BaselineOption]
    let make: @Sendable (BaselineOptions, BaselineContext) throws(BaselineError) -> any ReplicaScaler

    init(
        _ name: String, _ summary: String, _ options: [BaselineOption],
        make: @escaping @Sendable (BaselineOptions, BaselineContext) throws(BaselineError) -> any ReplicaScaler
    ) {
        self.name = name
        self.summary = summary
        self.options = options
        self.make = make
    }

    /// The scaler that a text such as `hpa` or `hpa:target=40:metric=running` names; options that are not given have the values their
    /// makers gave them.
    public static func named(_ text: String, for context: BaselineContext) throws(BaselineError) -> any ReplicaScaler {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let name = String(parts.first ?? "")
        guard let baseline = all.first(where: { $0.name == name }) else { throw .unknownName(name) }
        return try baseline.make(BaselineOptions(Array(parts.dropFirst()), for: baseline), context)
    }

    /// The scalers of a list with commas, such as `hpa:target=40,kpa`; at least one.
    public static func list(_ text: String, for context: BaselineContext) throws(BaselineError) -> [any ReplicaScaler] {
        var scalers: [any ReplicaScaler] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) { scalers.append(try named(String(name), for: context)) }
        return scalers
    }
}
