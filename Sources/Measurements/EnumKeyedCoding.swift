// Dictionaries keyed by these enums are written as JSON objects, not as arrays of alternating keys and values.
extension LatencyMetric: CodingKeyRepresentable {}
extension UtilizationMetric: CodingKeyRepresentable {}
