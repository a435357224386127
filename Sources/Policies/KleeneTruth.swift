/// Truth in Kleene's strong three-valued logic: `unknown` is "could be either", never a third kind of no.
///
/// Source: S. C. Kleene, Introduction to Metamathematics (1952), §64.
public enum KleeneTruth: String, Sendable, Codable, Hashable, CaseIterable {
    case `true`
    case `false`
    case unknown

    public init(_ value: Bool) { self = value ? .true : .false }

    /// False as soon as one side is false, whatever the other may be.
    public static func && (left: KleeneTruth, right: KleeneTruth) -> KleeneTruth {
        if left == .false || right == .false { return .false }
        return left == .true && right == .true ? .true : .unknown
    }

    /// True as soon as one side is true, whatever the other may be.
    public static func || (left: KleeneTruth, right: KleeneTruth) -> KleeneTruth {
        if left == .true || right == .true { return .true }
        return left == .false && right == .false ? .false : .unknown
    }

    /// The opposite; the opposite of unknown is unknown.
    public static prefix func ! (truth: KleeneTruth) -> KleeneTruth {
        switch truth {
        case .true: .false
        case .false: .true
        case .unknown: .unknown
        }
    }
}
