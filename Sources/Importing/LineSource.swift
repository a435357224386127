import Documents

/// A file's lines together with its digest and the progress made.
final class LineSource {
    private(set) var digest = ContentDigest()
    private var reader: LineReader?
    private let session: ImportSession
    private let progress: (ImportProgress) -> Void
    private var reportedBytes = 0

    init(session: ImportSession, progress: @escaping (ImportProgress) -> Void) throws {
        self.session = session
        self.progress = progress
        reader = try LineReader(path: session.path, maximumLineBytes: session.options.maximumLineBytes) { [unowned self] bytes in
            digest.update(bytes)
        }
    }

    /// The next line that holds something; a line that is too long is counted as a bad record.
    func next() throws -> LineReader.Line? {
        while let line = try reader?.next() {
            if let read = reader?.bytesRead, read - reportedBytes >= 1 << 20 { reportProgress() }
            if line.isTooLong {
                try session.skip(
                    .line(line.number), "expected a line of at most \(session.options.maximumLineBytes) bytes, found a longer one")
            } else if line.bytes.contains(where: { $0 > 0x20 }) {
                return line
            }
        }
        return nil
    }

    func reportProgress() {
        reportedBytes = reader?.bytesRead ?? 0
        progress(session.progress(bytesRead: reportedBytes, totalBytes: reader?.totalBytes ?? 0))
    }
}
