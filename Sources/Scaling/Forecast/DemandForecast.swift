/// What one expert says is needed when a replica that is asked for now serves.
public struct DemandForecast: Sendable, Codable, Hashable {
    public var expert: ForecastExpert
    /// Demand, in replicas.
    public var demand: Double
    /// What is to be added for the errors of such forecasts, in replicas, before the error budget weighs it.
    public var headRoom: Double
}

/// A way to forecast demand, and a way to leave room for its errors.
public struct ForecastExpert: Sendable, Codable, Hashable, CustomStringConvertible {
    /// How far back it looks, seconds.
    public var memory: Double
    /// Whether it expects the day to go like those before it.
    public var isSeasonal: Bool
    public var form: HeadRoomForm

    public var description: String { "\(Int(memory)) s \(form.rawValue)\(isSeasonal ? ", seasonal" : "")" }
}

/// What errors are thought to be like.
public enum HeadRoomForm: String, Sendable, Codable, Hashable {
    /// As large by night as by day.
    case additive
    /// In proportion to the demand.
    case multiplicative
}
