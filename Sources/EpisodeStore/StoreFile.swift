/// What a file says it is, read without SQLite so that a file that is not ours is not touched.
///
/// Source: https://www.sqlite.org/fileformat2.html#the_database_header
struct StoreFile {
    /// "LAOS" in ASCII, in the header of every store: tells a store from the databases of other applications.
    static let applicationIdentifier: Int32 = 0x4C41_4F53

    let path: String
    let state: State

    enum State: Equatable {
        case absent
        /// A file of no bytes, as a crash at the very beginning leaves it.
        case empty
        /// A store of this schema version, as far as the header tells.
        case store
    }

    /// - Throws: `StoreError` where the file is something else or cannot be read.
    init(path: String) throws {
        self.path = path
        guard !SystemFile.isFolder(path) else {
            throw StoreError(
                kind: .notADatabase, attempt: "open", path: path, cause: "it is a folder",
                aftermath: "Nothing was changed; name a file in it with --store.")
        }
        let header: [UInt8]
        do {
            header = try SystemFile.beginning(of: path, count: 100, followingLinks: true)
        } catch let failure where failure.isMissing {
            state = .absent
            return
        } catch {
            throw StoreError(error, attempt: "open", path: path, on: path)
        }
        state = try header.isEmpty ? .empty : Self.state(of: header, path: path)
    }

    private static func state(of header: [UInt8], path: String) throws -> State {
        guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw StoreError(
                kind: .notADatabase, attempt: "open", path: path, cause: "it is not an SQLite database",
                aftermath: "Nothing was changed; name another file with --store.")
        }
        let application = number(header, at: 68)
        guard application == applicationIdentifier else {
            throw StoreError(
                kind: .foreign, attempt: "open", path: path,
                cause: "it is a database of another application (application_id \(application), expected \(applicationIdentifier))",
                aftermath: "Nothing was changed; name another file with --store.")
        }
        try check(schema: Int(number(header, at: 60)), path: path)
        return .store
    }

    /// - Throws: `StoreError` of kind `newerSchema` for a version above ours.
    static func check(schema: Int, path: String) throws {
        guard schema > Schema.version else { return }
        throw StoreError(
            kind: .newerSchema, attempt: "open", path: path,
            cause: "its schema has version \(schema), this program knows versions up to \(Schema.version)",
            aftermath: "Nothing was changed; use the newer version of this program, or name another file with --store.")
    }

    private static func number(_ header: [UInt8], at offset: Int) -> Int32 {
        header[offset..<offset + 4].reduce(0) { $0 << 8 | Int32($1) }
    }

    /// The files SQLite keeps beside a database.
    static func companions(of path: String) -> [String] { [path + "-wal", path + "-shm", path + "-journal"] }

    /// An absolute path without symbolic links, so that two names of one store have one lock.
    static func canonical(_ path: String) -> String {
        if let real = SystemFile.resolved(path) { return real }
        let parent = SystemFile.parent(of: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let folder = SystemFile.resolved(parent) else { return path }
        return folder == "/" ? "/" + name : folder + "/" + name
    }
}
