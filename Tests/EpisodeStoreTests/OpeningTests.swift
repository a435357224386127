import EpisodeStoreHelper
import Foundation
import GRDB
import TestSupport
import Testing

@testable import EpisodeStore

@Suite struct OpeningTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a new store, its log and its folder are for their owner alone")
    func permissions() throws {
        let path = folder.path + "/state/deep/store.sqlite"
        let store = try EpisodeStore(path: path)
        try store.recordCycle(Samples.cycle())
        for file in ["", "-wal", "-shm", ".lock"] { #expect(try TemporaryFolder.permissions(path + file) == 0o600, "\(file)") }
        #expect(try TemporaryFolder.permissions(folder.path + "/state") == 0o700)
        #expect(try TemporaryFolder.permissions(folder.path + "/state/deep") == 0o700)
        #expect(store.path == path)
    }

    @Test("a store that others may read is closed to them")
    func tightened() throws {
        _ = try EpisodeStore(path: folder.store)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.store)
        _ = try EpisodeStore(path: folder.store)
        #expect(try TemporaryFolder.permissions(folder.store) == 0o600)
    }

    @Test("writing is logged ahead and reaches the disk, foreign keys hold, and the file says whose it is")
    func pragmas() throws {
        let store = try EpisodeStore(path: folder.store)
        let pragmas = ["journal_mode", "foreign_keys", "application_id", "auto_vacuum", "busy_timeout", "synchronous"]
        let values = try store.write("look at") { database -> [String?] in
            try pragmas.map { try String.fetchOne(database, sql: "PRAGMA \($0)") }
        }
        #expect(values == ["wal", "1", "\(StoreFile.applicationIdentifier)", "2", "5000", "2"])
        #expect(try store.integrityCheck().isEmpty)
    }

    @Test("every registered migration has its number")
    func versions() { #expect(Schema.migrator.migrations.count == Schema.version) }

    @Test("a second writer is told which process has the store")
    func secondWriter() throws {
        let first = try EpisodeStore(path: folder.store)
        let error = try #require(throws: StoreError.self) { _ = try EpisodeStore(path: folder.store) }
        #expect(error.kind == .locked)
        #expect(error.description.contains("process \(ProcessInfo.processInfo.processIdentifier) writes to it"))
        #expect(error.description.contains(folder.store))
        withExtendedLifetime(first) {}
    }

    @Test("two names of one store have one lock")
    func symbolicLink() throws {
        let first = try EpisodeStore(path: folder.store)
        let link = folder.path + "/link.sqlite"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.store)
        #expect(throws: StoreError.self) { _ = try EpisodeStore(path: link) }
        withExtendedLifetime(first) {}
    }

    @Test("when a store is let go, the next writer gets it")
    func lockReleased() throws {
        do { _ = try EpisodeStore(path: folder.store) }
        _ = try EpisodeStore(path: folder.store)
    }

    @Test("reading needs no lock, and sees what is committed")
    func readers() throws {
        let writer = try EpisodeStore(path: folder.store)
        let reader = try EpisodeStore(readingFrom: folder.store)
        #expect(try reader.cycles().isEmpty)
        try writer.recordCycle(Samples.cycle())
        #expect(try reader.cycles().count == 1)
        let error = try #require(throws: StoreError.self) { try reader.recordCycle(Samples.cycle(2)) }
        #expect(error.kind == .readOnly)
    }

    @Test("reading a store that nobody has open changes no byte of it")
    func readingLeavesBytes() throws {
        do { try EpisodeStore(path: folder.store).recordCycle(Samples.cycle()) }
        let before = try TemporaryFolder.bytes(folder.store)
        #expect(try EpisodeStore(readingFrom: folder.store).cycles().count == 1)
        #expect(try TemporaryFolder.bytes(folder.store) == before)
    }

    @Test("reading where there is no store says so, and creates nothing")
    func missing() throws {
        let error = try #require(throws: StoreError.self) { _ = try EpisodeStore(readingFrom: folder.store) }
        #expect(error.kind == .missing)
        #expect(try folder.names.isEmpty)
    }

    @Test("an empty file, as a crash may leave it, becomes a store")
    func emptyFile() throws {
        #expect(FileManager.default.createFile(atPath: folder.store, contents: nil))
        try EpisodeStore(path: folder.store).recordCycle(Samples.cycle())
        #expect(try EpisodeStore(readingFrom: folder.store).cycles().count == 1)
    }

    @Test("a store without tables, as a crash may leave it, gets them; a reader says that it is not ready")
    func halfCreated() throws {
        try EpisodeStore.create(folder.store)
        #expect(try #require(throws: StoreError.self) { _ = try EpisodeStore(readingFrom: folder.store) }.kind == .olderSchema)
        try EpisodeStore(path: folder.store).recordCycle(Samples.cycle())
    }

    @Test("a folder is no store")
    func folderAsStore() throws {
        #expect(try #require(throws: StoreError.self) { _ = try EpisodeStore(path: folder.path) }.kind == .notADatabase)
    }
}
