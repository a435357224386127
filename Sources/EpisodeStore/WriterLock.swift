/// The right to write to a store: held by one open store at a time, on a file beside it, and given up by the kernel when its process ends.
///
/// The file stays when the lock is released: removing it would let two writers hold two different files of one name.
final class WriterLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `StoreError` of kind `locked` that names the process that holds it.
    init(storePath: String) throws {
        let path = storePath + ".lock"
        let attempt = "open"
        do {
            guard let descriptor = try SystemFile.openLocked(path) else {
                throw StoreError(
                    kind: .locked, attempt: attempt, path: storePath,
                    cause: "\(Self.holder(path)) writes to it and holds \(path)",
                    aftermath: "Nothing was changed; end that process, or read with history, explain and replay, which need no lock.")
            }
            self.descriptor = descriptor
            try SystemFile.replaceContent(descriptor, with: "\(SystemFile.processIdentifier)\n")
        } catch let failure as SystemFile.Failure {
            throw StoreError(failure, attempt: attempt, path: storePath, on: path)
        }
    }

    deinit { SystemFile.unlock(descriptor) }

    private static func holder(_ path: String) -> String {
        // An unreadable or empty lock file only costs the message the process's number.
        let bytes = (try? SystemFile.beginning(of: path, count: 20)) ?? []
        let digits = String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber }
        return digits.isEmpty ? "another process" : "process \(digits)"
    }
}

extension StoreError {
    /// The store's words for a failed call of the operating system.
    /// - Parameter file: The file or folder the call was about.
    init(_ failure: SystemFile.Failure, attempt: String, path: String, on file: String) {
        let kind: Kind = failure.isReadOnly ? .readOnly : failure.isFull ? .diskFull : .unreadable
        let cure =
            switch kind {
            case .readOnly: "make \(file) and its folder writable for this user, or name another file with --store."
            case .diskFull: "make room on the disk."
            default: "look at \(file), or name another file with --store."
            }
        self.init(
            kind: kind, attempt: attempt, path: path, cause: "\(file): \(failure.text)", aftermath: "Nothing was changed; \(cure)")
    }
}
