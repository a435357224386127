import Measurements

/// Text that is markup already. Everything else is escaped on its way in, so that a model's name cannot be a script.
public struct Markup: ExpressibleByStringInterpolation, Sendable {
    public private(set) var text: String

    public init(stringLiteral value: String) { text = value }

    public init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        public mutating func appendLiteral(_ literal: String) { text += literal }
        public mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
        public mutating func appendInterpolation(_ parts: [Markup]) { for part in parts { text += part.text } }
        public mutating func appendInterpolation(_ value: some CustomStringConvertible) { text += Markup.escaped(value.description) }
    }

    /// The text with the characters that mean something in HTML written as entities, and nothing a terminal or a reading direction would obey.
    public static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in ForeignText.printable(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
