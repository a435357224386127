import FoundationEssentials
import Importing
import Measurements
import Statistics
import Testing

/// Everything one import gave.
struct Imported {
    let source: ImportedSource
    let measurements: [InferenceMeasurement]

    /// The summary of our own figures over the requests that were answered, in seconds.
    func summary(_ metric: LatencyMetric) -> Summary? {
        var distribution = Distribution(resolution: 1e-9)
        for measurement in measurements where measurement.succeeded {
            if metric == .interTokenLatency {
                for gap in measurement.chunkGaps ?? [] { distribution.record(gap.seconds) }
            } else if let value = measurement[metric] {
                distribution.record(value.seconds)
            }
        }
        return distribution.summary()
    }
}

/// Imports a file of the given content.
func importing(_ content: some Collection<UInt8>, _ options: ImportOptions = ImportOptions()) throws -> Imported {
    let path = FileManager.default.temporaryDirectory.path + "/importing-\(UUID().uuidString)"
    try Data(content).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }  // A leftover temporary file harms nothing.
    return try importing(path: path, options)
}

func importing(_ content: String, _ options: ImportOptions = ImportOptions()) throws -> Imported {
    try importing(Array(content.utf8), options)
}

func importing(path: String, _ options: ImportOptions = ImportOptions()) throws -> Imported {
    var measurements: [InferenceMeasurement] = []
    let source = try importFile(at: path, options: options) { measurements.append($0) }
    #expect(source.runs.reduce(0) { $0 + $1.measurementCount } == measurements.count)
    #expect(source.recordsImported == measurements.count)
    #expect(source.recordsRead == source.recordsImported + source.recordsSkipped)
    return Imported(source: source, measurements: measurements)
}

/// What the import of a content fails with.
func failure(_ content: String, _ options: ImportOptions = ImportOptions()) -> String {
    do {
        let imported = try importing(content, options)
        return "imported as \(imported.source.format.rawValue)"
    } catch let error as ImportError {
        // The temporary file's name differs from run to run.
        return error.description.split(separator: "importing-").last.map { String($0.dropFirst(36)) } ?? ""
    } catch {
        return "\(error)"
    }
}

/// Whether two figures agree within a share of the expected one.
func agree(_ value: Double?, _ expected: Double?, within tolerance: Double = 0.01) -> Bool {
    guard let value, let expected else { return false }
    return abs(value - expected) <= tolerance * abs(expected)
}
