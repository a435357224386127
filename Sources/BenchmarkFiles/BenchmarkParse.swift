internal import Documents
public import PolicyFiles

/// A load test's file, read.
public struct BenchmarkParse: Sendable {
    /// `nil` where the file has an error.
    public let plan: BenchmarkPlan?
    /// In the order of the file. Never quotes a line: what stands there could be a key.
    public let diagnostics: [Diagnostic]

    public var report: String { diagnostics.map { "\($0)\n" }.joined() }
}

/// Reads a load test's file: the YAML with `providers`, `workload`, `execution` and `output`, or a document under the benchmark
/// configuration schema. Never throws: whatever is wrong is a diagnostic with its place.
///
/// - Parameters:
///   - bytes: UTF-8, at most 1 MiB.
///   - file: How messages name the file.
///   - formats: Names of formats that results can be written in.
public func parseBenchmark(_ bytes: [UInt8], file: String, formats: [String]) -> BenchmarkParse {
    do {
        let node = try bytes.withUnsafeBytes {
            try YAMLDocument.parse($0, limits: DocumentLimits(bytes: 1 << 20, depth: 50, nodes: 100_000))
        }
        return parse(node, file: file, formats: formats)
    } catch {
        return BenchmarkParse(plan: nil, diagnostics: [Diagnostic(error, file: file)])
    }
}

private func parse(_ node: YAMLNode, file: String, formats: [String]) -> BenchmarkParse {
    var checker = ShapeChecker(log: DiagnosticLog(file: file))
    var secrets = LiteralSecrets()
    let clean = secrets.removed(from: node)
    for place in secrets.places {
        checker.log.error(
            place,
            "a key must not stand in a file; put it into an environment variable or a file of its own and name that with "
                + "'key_from_environment' or 'key_from_file' ('credentials_path' under the schema). What was found is not shown")
    }
    let isOfSchema = clean["test_suite"] != nil || clean["workloads"] != nil
    let table = isOfSchema ? ConfigurationSchema.document : BenchmarkShape.file(formats: formats)
    guard let root = checker.check(clean, as: .object(table), of: "the file")?.object else {
        return BenchmarkParse(plan: nil, diagnostics: checker.log.report)
    }
    var builder = BenchmarkBuilder(log: checker.log, root: root)
    let plan = isOfSchema ? builder.planOfSchema() : builder.plan()
    return BenchmarkParse(plan: builder.log.hasErrors ? nil : plan, diagnostics: builder.log.report)
}
