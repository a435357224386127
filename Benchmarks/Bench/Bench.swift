import Foundation

/// Measures the figures this project promises. `make bench` runs it in release mode, beside a peer where there is one.
///
/// Each figure is the best of several repetitions: noise on a shared machine only ever adds time.
@main struct Bench {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "generate": try generate(arguments)
        case "import": try measureImport(arguments)
        case "store": try measureStore()
        case "decide": try measureDeciding()
        case "tick": try await measureTicking()
        case "lens": try await runLens(arguments)
        case "simulate": try measureSimulating(arguments)
        case "transport": try await measureTransport(arguments)
        default:
            let usage = """
                usage: Bench generate FILE MEGABYTES | import FILE | decide | tick | simulate [AZURE.CSV] | store | transport URL \
                | lens URL STREAMS REQUESTS TOKENS [FILE]

                """
            FileHandle.standardError.write(Data(usage.utf8))
            exit(2)
        }
    }
}

/// The shortest of several runs, in seconds.
func bestOf(_ repetitions: Int, _ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<repetitions {
        let time = try clock.measure(body)
        best = min(best, Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
    }
    return best
}

/// One line of the result table.
func row(_ figure: String, _ value: String, target: String) {
    print(figure.padding(toLength: 58, withPad: " ", startingAt: 0) + value.padding(toLength: 26, withPad: " ", startingAt: 0) + target)
}
