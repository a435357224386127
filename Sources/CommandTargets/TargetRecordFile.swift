import Control
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What is kept of a target that can bear no annotations: the newest term that wrote to it, and the adjustment that is not finished.
struct TargetRecord: Sendable, Codable, Hashable {
    var fence: FencingToken
    var mark: AdjustmentMark?
    /// A command that was started and whose end was not seen.
    var step: UnfinishedStep?

    static let blank = TargetRecord(fence: FencingToken(rawValue: 0), mark: nil)

    /// The step, where it may still be at work.
    var underWay: UnfinishedStep? { step.flatMap { $0.mayBeAtWork ? $0 : nil } }

    func with(process: Int32) -> TargetRecord {
        var record = self
        record.step?.process = RunningProcess(process)
        return record
    }
}

/// The file of a record: replaced as a whole, and on disk before a write returns.
struct TargetRecordFile: Sendable {
    let path: String

    struct Failure: Error {
        let text: String
    }

    /// - Parameter name: A target's; characters that a file name should not have are written as numbers.
    init(directory: String, target name: String) {
        let safe = name.utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || "-_.".utf8.contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16)
        }
        path = directory + "/" + safe.joined() + ".json"
    }

    /// Blank where there is no file yet.
    /// - Throws: ``Failure`` for a file that cannot be read or is damaged: what it said is not known then, which is not the same as nothing.
    func read() throws(Failure) -> TargetRecord {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // A pipe in its place is not waited for.
        guard descriptor >= 0 else {
            if errno == ENOENT { return .blank }
            throw Failure(text: "\(path) cannot be read: \(lastError())")
        }
        defer { closeFile(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.limitBytes + 1)
        let count = Self.readAll(descriptor, into: &bytes)
        guard count >= 0, count <= Self.limitBytes else { throw damaged("it cannot be read, or is larger than \(Self.limitBytes) bytes") }
        do {
            return try JSONDecoder().decode(TargetRecord.self, from: Data(bytes[..<count]))
        } catch {
            throw damaged("it is not what this program writes")
        }
    }

    private func damaged(_ why: String) -> Failure {
        Failure(
            text: "\(path) is damaged: \(why). Whether a change is on its way cannot be told; look at the engine, then remove the file")
    }

    private static let limitBytes = 64 << 10

    /// - Throws: ``Failure`` where it is not on disk; the old record stands then, or in rare cases the new one.
    func write(_ record: TargetRecord) throws(Failure) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        // Numbers, texts and switches always encode; a number that is not finite cannot be a knob's value.
        guard let data = try? encoder.encode(record) else { throw Failure(text: "\(path): the record cannot be written as JSON") }
        let fresh = path + ".new"
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Failure(text: "\(fresh) cannot be written: \(lastError())") }
        let isWritten = Self.writeAll(Array(data), to: descriptor) && fsync(descriptor) == 0
        let why = lastError()
        closeFile(descriptor)
        guard isWritten else { throw Failure(text: "\(fresh) cannot be written: \(why)") }
        guard rename(fresh, path) == 0 else { throw Failure(text: "\(path) cannot be replaced: \(lastError())") }
        try synchronizeDirectory()
    }

    private func synchronizeDirectory() throws(Failure) {
        let directory = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        let descriptor = open(directory.isEmpty ? "/" : String(directory), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(text: "\(directory) cannot be opened: \(lastError())") }
        defer { closeFile(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure(text: "\(directory) cannot be written to disk: \(lastError())") }
    }

    private static func readAll(_ descriptor: Int32, into bytes: inout [UInt8]) -> Int {
        var total = 0
        while total < bytes.count {
            let room = bytes.count - total
            let count = bytes.withUnsafeMutableBytes { systemRead(descriptor, $0.baseAddress! + total, room) }  // Not empty: it has room.
            if count < 0, errno == EINTR { continue }
            if count < 0 { return -1 }
            if count == 0 { break }
            total += count
        }
        return total
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// Held while a target is changed, so that two controllers on one machine take turns; given up by the kernel when the process ends.
final class TargetLock {
    private let descriptor: Int32

    /// - Returns: `nil` where somebody else holds it.
    /// - Throws: ``TargetRecordFile/Failure`` where it cannot be taken for another reason.
    init?(_ file: TargetRecordFile) throws(TargetRecordFile.Failure) {
        let path = file.path + ".lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw TargetRecordFile.Failure(text: "\(path) cannot be opened: \(lastError())") }
        self.descriptor = descriptor
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if errno == EWOULDBLOCK { return nil }
            throw TargetRecordFile.Failure(text: "\(path) cannot be locked: \(lastError())")
        }
    }

    /// Given up by name: a process that another thread is just starting has a copy of the descriptor for a moment.
    deinit {
        _ = flock(descriptor, LOCK_UN)
        closeFile(descriptor)
    }
}

private func closeFile(_ descriptor: Int32) { _ = close(descriptor) }
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int { read(descriptor, buffer, count) }
private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int { write(descriptor, buffer, count) }
