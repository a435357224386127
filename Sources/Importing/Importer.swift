import Documents
public import Measurements

/// Reads a file of another tool's results, or of our own.
///
/// Measurements go to the sink one by one, in memory that does not grow with the file for line formats; formats that are one document
/// are read whole within `options.documentLimits`.
/// - Parameter path: A regular file; it is read twice, first its beginning.
/// - Parameter options: The format and the bounds.
/// - Parameter progress: Called about once a mebibyte.
/// - Parameter sink: Receives every measurement; what it throws ends the import.
/// - Returns: Runs, the tool's own figures, counts and the digest of the content.
/// - Throws: `ImportError` that names file, line where known, what was expected and what was found; and whatever the sink throws.
public func importFile(
    at path: String, options: ImportOptions = ImportOptions(), progress: (ImportProgress) -> Void = { _ in },
    into sink: (InferenceMeasurement) throws -> Void
) throws -> ImportedSource {
    try withoutActuallyEscaping(sink) { sink in
        try withoutActuallyEscaping(progress) { progress in
            let session = ImportSession(path: path, options: options, sink: sink)
            do {
                return try FileImport(session: session, progress: progress).run()
            } catch let error as DocumentError {
                throw importError(error, path: path)
            }
        }
    }
}

/// The digest that ``ImportedSource/digest`` will have, to know a content before importing it again.
///
/// - Throws: `ImportError` when the file cannot be read.
public func contentDigest(ofFileAt path: String) throws -> String {
    do {
        var digest = ContentDigest()
        try FileContent.forEachPiece(path: path) { digest.update($0) }
        return digest.text
    } catch let error as DocumentError {
        throw importError(error, path: path)
    }
}

/// A document's error with the file it is about.
private func importError(_ error: DocumentError, path: String) -> ImportError {
    let kind: ImportError.Kind = error.kind == .unreadable || error.kind == .tooLarge ? .unreadable : .malformed
    return ImportError(kind, path: path, line: error.line, column: error.column, error.message)
}

/// One file on its way through detection to the reader of its format.
private struct FileImport {
    let session: ImportSession
    let progress: (ImportProgress) -> Void

    func run() throws -> ImportedSource {
        let beginning = try FileContent.beginning(path: session.path, bytes: 1 << 18)
        guard beginning.bytes.contains(where: { $0 > 0x20 }) else {
            throw session.error(.unknownFormat, "expected results of a benchmark, found an empty file")
        }
        switch detectContainer(beginning, forced: session.options.format) {
        case .recordLines(let format): return try importLines(format)
        case .recordTable(let format): return try importTable(format)
        case .table(let format):
            return try importWhole { content in
                try importTables(content, format: format, into: session)
                return format
            }
        case .json: return try importWhole(importJSON)
        case .yaml: return try importWhole(importYAML)
        case .unknown(let found): throw session.error(.unknownFormat, Self.unknown(found))
        }
    }

    private static func unknown(_ found: String) -> String {
        "expected the results of a known tool, found \(found); known formats: "
            + InputFormat.allCases.map(\.rawValue).joined(separator: ", ")
    }

    // MARK: Lines

    private func importLines(_ format: InputFormat) throws -> ImportedSource {
        try importStream(format) { reader in
            if format == .aiperfRecords {
                try AIPerfRecordReader().read(reader, into: session)
            } else {
                try MeasurementLineReader().read(reader, into: session)
            }
        }
    }

    private func importTable(_ format: InputFormat) throws -> ImportedSource {
        try importStream(format) { reader in
            if format == .hey {
                try HeyReader().read(reader, into: session)
            } else {
                try MeasurementTableReader().read(reader, into: session)
            }
        }
    }

    private func importStream(_ format: InputFormat, _ read: (LineSource) throws -> Void) throws -> ImportedSource {
        let lines = try LineSource(session: session, progress: progress)
        try read(lines)
        lines.reportProgress()
        return session.source(digest: lines.digest, format: format)
    }

    // MARK: Documents

    private func importWhole(_ read: ([UInt8]) throws -> InputFormat) throws -> ImportedSource {
        let content = try FileContent.read(path: session.path, limitBytes: session.options.documentLimits.bytes)
        var digest = ContentDigest()
        content.withUnsafeBytes { digest.update($0) }
        session.contentDigest = digest
        let format = try read(content)
        progress(session.progress(bytesRead: content.count, totalBytes: content.count))
        return session.source(digest: digest, format: format)
    }

    private func importJSON(_ content: [UInt8]) throws -> InputFormat {
        let limits = session.options.documentLimits
        let document: DocumentValue
        do {
            document = try content.withUnsafeBytes { try JSONDocument.parse($0, omitting: omittedKeys, limits: limits) }
        } catch let error as DocumentError {
            guard let format = try importRunLines(content) else { throw error }
            return format
        }
        return try importDocument(document)
    }

    private func importYAML(_ content: [UInt8]) throws -> InputFormat {
        let node: YAMLNode
        do {
            node = try content.withUnsafeBytes { try YAMLDocument.parse($0, limits: session.options.yamlLimits) }
        } catch let error as DocumentError where session.options.format == nil && error.kind != .tooLarge {
            let found = Self.unknown("text that is neither JSON, nor a known table, nor YAML (\(error.message))")
            throw ImportError(.unknownFormat, path: session.path, line: error.line, column: error.column, found)
        }
        return try importDocument(node.value)
    }

    private func importDocument(_ document: DocumentValue) throws -> InputFormat {
        let detected = detectDocument(document)
        guard let format = session.options.format ?? detected else {
            throw session.error(.unknownFormat, Self.unknown(describeKeys(document)))
        }
        try readDocument(document, as: format, into: session)
        return format
    }

    /// Reads one run a line, for tools that append; `nil` where the first line is no document of such a tool.
    private func importRunLines(_ content: [UInt8]) throws -> InputFormat? {
        let lines = content.split(separator: 0x0A, omittingEmptySubsequences: false)
        var format = session.options.format
        guard lines.count > 1, format == nil || format?.container == .runLines else { return nil }
        for (index, line) in lines.enumerated() where line.contains(where: { $0 > 0x20 }) {
            let document: DocumentValue
            do {
                document = try line.withUnsafeBytes {
                    try JSONDocument.parse($0, omitting: omittedKeys, limits: session.options.documentLimits)
                }
            } catch let error as DocumentError {
                guard format != nil else { return nil }
                try session.skip(.line(index + 1), error.message)
                continue
            }
            guard let found = session.options.format ?? detectDocument(document), found.container == .runLines else {
                guard format != nil else { return nil }
                try session.skip(.line(index + 1), "expected a run of the same tool, found \(describeKeys(document))")
                continue
            }
            format = found
            try readDocument(document, as: found, into: session)
        }
        return format
    }
}

/// Large texts that no figure is read from: prompts, answers, bodies and the pieces of answers.
private let omittedKeys: Set<String> = [
    "generated_texts", "request_args", "output", "reasoning_output", "tool_calls", "response", "request", "response_chunks", "traceback",
    "request_headers",
]

/// What an unknown document holds, for an error.
func describeKeys(_ document: DocumentValue) -> String {
    switch document {
    case .object(let members) where !members.isEmpty:
        "an object with the keys " + members.prefix(8).map { "'\($0.key.prefix(40))'" }.joined(separator: ", ")
    case .array(let elements):
        elements.first.map { "a list of \(elements.count) whose first element is \(describeKeys($0))" } ?? "an empty list"
    default: document.kindName
    }
}
