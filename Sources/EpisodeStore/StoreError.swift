/// Why the store could not do what was asked, on which file, and in what state that leaves it.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A small closed set: callers switch on it, metrics label with it.
    public enum Kind: String, Sendable, CaseIterable {
        /// There is no file to read.
        case missing
        /// Pages of the file contradict each other.
        case corrupt
        case notADatabase
        /// A database of another application.
        case foreign
        /// Written by a newer version of this tool.
        case newerSchema
        /// Written by an older version and not brought up to date yet.
        case olderSchema
        /// The file or its folder cannot be written.
        case readOnly
        case diskFull
        /// Another process writes to it.
        case locked
        /// The file cannot be opened or read.
        case unreadable
        /// A row holds what this version cannot read.
        case undecodable
        /// No row with that identifier.
        case notFound
        /// Several rows begin with that identifier.
        case ambiguous
        /// What was asked contradicts what is stored.
        case conflict
        /// SQLite refused for another reason.
        case failed
    }

    public let kind: Kind
    /// What was tried, e.g. `open` or `record a cycle in`.
    public let attempt: String
    public let path: String
    /// What happened, with the numbers.
    public let cause: String
    /// The state things are in now, and the cure.
    public let aftermath: String

    public var description: String { "cannot \(attempt) store \(path): \(cause). \(aftermath)" }
}
