import Control
import FoundationEssentials
public import Measurements
public import Policies

/// What a back-test of a policy found.
public struct BackTestRecord: Sendable, Codable, Hashable {
    public var time: Timestamp
    public var toolVersion: String
    /// What it was tried on.
    public var trace: String
    /// Share of requests answered in time, mean over the seeds; `nil` where none came.
    public var attainment: Double?
    /// Devices that were paid for, hours, mean over the seeds.
    public var gpuHours: Double?
    public var seeds: Int

    public init(time: Timestamp, toolVersion: String, trace: String, attainment: Double?, gpuHours: Double?, seeds: Int) {
        self.time = time
        self.toolVersion = toolVersion
        self.trace = trace
        self.attainment = attainment
        self.gpuHours = gpuHours
        self.seeds = seeds
    }
}

/// Back-tests of policies, a file each in a folder beside the store: a back-test is made while a controller holds the store.
///
/// A policy is found by its content: what was tried before a limit was edited says nothing of the policy as it is. Mode and suspension do not
/// count, for a policy is tried before it is switched on.
public struct BackTestShelf: Sendable {
    let folder: String
    private static let mostFiles = 200
    private static let mostBytes = 1 << 20

    /// - Parameter storePath: Of the store it is about.
    public init(storePath: String) { folder = StoreFile.canonical(storePath) + ".back-tests" }

    private struct Entry: Codable {
        let policy: Policy
        let record: BackTestRecord
    }

    /// Keeps what a back-test found, in the place of an earlier one of the same content. Of many the oldest go.
    /// - Throws: `StoreError` where the folder cannot be written to.
    public func keep(_ record: BackTestRecord, of policy: Policy) throws {
        let policy = policy.asTried
        do {
            try SystemFile.createFolder(folder)
            let file = try file(policy)
            let text = String(decoding: try CanonicalJSON.encode(Entry(policy: policy, record: record)), as: UTF8.self)
            guard let descriptor = try SystemFile.openLocked(file + ".new") else { throw SystemFile.Failure.last }
            defer { SystemFile.close(descriptor) }
            try SystemFile.replaceContent(descriptor, with: text)
            try SystemFile.synchronize(descriptor)
            try SystemFile.move(file + ".new", to: file)
            removeOldest(but: file)
        } catch let failure as SystemFile.Failure {
            throw StoreError(failure, attempt: "keep a back-test beside", path: folder, on: folder)
        }
    }

    /// The newest back-test of a policy with just this content; `nil` where there is none that can be read.
    public func record(of policy: Policy) -> BackTestRecord? {
        let policy = policy.asTried
        // What cannot be read or is of another version proves nothing: then the policy counts as not tried.
        guard let file = try? file(policy), let entry = entry(file), entry.policy == policy else { return nil }
        return entry.record
    }

    private func entry(_ file: String) -> Entry? {
        guard let bytes = try? SystemFile.beginning(of: file, count: Self.mostBytes) else { return nil }
        return try? CanonicalJSON.decode(Entry.self, from: Data(bytes))
    }

    /// Named by a digest of the content; the content itself lies in the file and is compared.
    private func file(_ policy: Policy) throws -> String {
        let digest = try CanonicalJSON.encode(policy).reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(digest, radix: 16)
        return folder + "/" + String(repeating: "0", count: 16 - digits.utf8.count) + digits + ".json"
    }

    private func removeOldest(but newest: String) {
        let files = SystemFile.names(in: folder).filter { $0.hasSuffix(".json") }.map { folder + "/" + $0 }
        guard files.count > Self.mostFiles else { return }
        let aged = files.filter { $0 != newest }.map { file in
            (file: file, time: entry(file)?.record.time ?? Timestamp(nanosecondsSinceEpoch: .min))
        }
        for one in aged.sorted(by: { $0.time < $1.time }).prefix(files.count - Self.mostFiles) { SystemFile.remove(one.file) }
    }
}

extension Policy {
    fileprivate var asTried: Policy {
        var policy = self
        policy.mode = .recommend
        policy.suspend = false
        return policy
    }
}
