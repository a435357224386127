public import Statistics

/// How many tokens prompts or answers have.
public enum TokenLengths: Sendable, Hashable {
    case fixed(Int)
    case uniform(ClosedRange<Int>)
    /// Rounded to whole tokens, and drawn again where it falls outside of the bounds.
    case normal(mean: Double, deviation: Double, bounds: ClosedRange<Int>)
    /// One of these, each as likely as it is often.
    case sampled([Int])

    /// Draws one, in ``limits``.
    public func draw(_ generator: inout SplitMix64) -> Int {
        switch self {
        case .fixed(let count): return count
        case .uniform(let bounds): return Int.random(in: bounds, using: &generator)
        case .normal(let mean, let deviation, let bounds):
            // Bounds far from the mean would take draws without end.
            for _ in 0..<64 {
                let value = (mean + deviation * generator.normal()).rounded()
                if Double(bounds.lowerBound) <= value && value <= Double(bounds.upperBound) { return Int(value) }
            }
            return min(max(Int(mean.rounded()), bounds.lowerBound), bounds.upperBound)
        case .sampled(let counts): return counts[Int.random(in: 0..<counts.count, using: &generator)]
        }
    }

    /// What is wrong with its numbers; `nil` where they can be drawn from.
    public var problem: String? {
        func isAllowed(_ bounds: ClosedRange<Int>) -> Bool {
            Self.limits.contains(bounds.lowerBound) && Self.limits.contains(bounds.upperBound)
        }
        let allowed = "\(Self.limits.lowerBound)...\(Self.limits.upperBound) tokens"
        switch self {
        case .fixed(let count) where !Self.limits.contains(count): return "a length lies in \(allowed), got \(count)"
        case .uniform(let bounds) where !isAllowed(bounds): return "lengths lie in \(allowed), got \(bounds)"
        case .normal(let mean, let deviation, let bounds):
            if !isAllowed(bounds) { return "lengths lie in \(allowed), got \(bounds)" }
            let isUsable = mean >= 0 && mean <= Double(Self.limits.upperBound) && deviation >= 0 && deviation.isFinite
            return isUsable ? nil : "a normal length has a mean in \(allowed) and a deviation of 0 or more, got \(mean) and \(deviation)"
        case .sampled(let counts):
            guard let low = counts.min(), let high = counts.max() else { return "a sample of lengths holds at least one, got none" }
            return isAllowed(low...high) ? nil : "lengths lie in \(allowed), got \(low)...\(high)"
        default: return nil
        }
    }

    /// Tokens of a prompt or an answer.
    public static let limits = 1...2_000_000
}
