public import FoundationEssentials

/// JSON in one spelling only: keys sorted, no blanks, slashes as they are. Equal values have equal bytes.
public enum CanonicalJSON {
    /// - Throws: `EncodingError` where the value cannot be written as JSON.
    public static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: infinity, negativeInfinity: "-" + infinity, nan: notANumber)
        return try encoder.encode(value)
    }

    /// - Throws: `DecodingError` that names the place of the first value that does not fit.
    public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: infinity, negativeInfinity: "-" + infinity, nan: notANumber)
        return try decoder.decode(type, from: data)
    }

    private static let infinity = "Infinity"
    private static let notANumber = "NaN"
}
