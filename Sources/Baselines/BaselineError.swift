/// Why a text names no baseline.
public struct BaselineError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    static func unknownName(_ name: String) -> BaselineError {
        BaselineError("there is no baseline '\(printable(name))'; there are \(Baseline.all.map(\.name).joined(separator: ", "))")
    }

    static func unknownOption(_ option: String, of baseline: Baseline) -> BaselineError {
        let known = baseline.options.map(\.name).joined(separator: ", ")
        return BaselineError(
            "baseline '\(baseline.name)' has no option '\(printable(option))'; " + (known.isEmpty ? "it has none" : "it has \(known)"))
    }

    static func value(_ text: String, of option: String, _ baseline: String, expected: String) -> BaselineError {
        BaselineError("option '\(option)' of baseline '\(baseline)' is '\(printable(text))'; expected \(expected)")
    }

    static func noOption(_ text: String, _ baseline: String) -> BaselineError {
        BaselineError("baseline '\(baseline)' is followed by ':\(printable(text))'; expected ':option=value'")
    }

    /// Told whole only if it is short and harmless.
    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(40).map { $0.properties.generalCategory == .control ? "?" : $0 }))
            + (text.unicodeScalars.count > 40 ? "…" : "")
    }
}
