/// Reads a duration as policy files write it: `500ms`, `5m`, `1h30m`.
/// - Throws: `DurationRefusal`, which says how to write what was probably meant.
public func parseDuration(_ text: String) throws(DurationRefusal) -> Duration {
    do {
        return try QuantityText.duration(text)
    } catch {
        throw DurationRefusal(description: error.message)
    }
}

/// Why a text is no duration.
public struct DurationRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
}
