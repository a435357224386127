public import Documents

/// How files are imported.
public struct ImportOptions: Sendable {
    /// `nil` finds the format from the content.
    public var format: InputFormat?
    /// A bad record ends the import instead of being counted and passed over.
    public var strict: Bool
    /// Bounds on formats that are read whole.
    public var documentLimits: DocumentLimits
    public var yamlLimits: DocumentLimits
    /// Longer lines are bad records.
    public var maximumLineBytes: Int
    /// Bad records that are kept with their place; all are counted.
    public var maximumReportedSkips: Int

    public init(format: InputFormat? = nil, strict: Bool = false) {
        self.format = format
        self.strict = strict
        documentLimits = .json
        yamlLimits = .importedYAML
        maximumLineBytes = 16 << 20
        maximumReportedSkips = 100
    }
}

/// How far an import has come.
public struct ImportProgress: Sendable, Hashable {
    public let bytesRead: Int
    /// Bytes of the file when it was opened; 0 for a pipe.
    public let totalBytes: Int
    public let recordsRead: Int
}
