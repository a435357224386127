import EpisodeStoreHelper
import Foundation
import GRDB
import TestSupport
import Testing

@testable import EpisodeStore

@Suite struct RefusalTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    enum Damage: String, CaseIterable {
        case text, short, foreign, foreignLogged, newer, newerLogged, schemaPage

        var kind: StoreError.Kind {
            switch self {
            case .text, .short: .notADatabase
            case .foreign, .foreignLogged: .foreign
            case .newer, .newerLogged: .newerSchema
            case .schemaPage: .corrupt
            }
        }
    }

    @Test("what is not a store of this version is refused and left as it is, byte for byte", arguments: Damage.allCases)
    func refused(_ damage: Damage) throws {
        try make(damage)
        let before = try TemporaryFolder.bytes(folder.store)
        let names = try folder.names.filter { !$0.hasSuffix("-shm") && !$0.hasSuffix("-wal") && !$0.hasSuffix(".lock") }
        for open in [{ _ = try EpisodeStore(path: $0) }, { _ = try EpisodeStore(readingFrom: $0) }] as [(String) throws -> Void] {
            let error = try #require(throws: StoreError.self) { try open(folder.store) }
            #expect(error.kind == damage.kind, "\(error)")
            #expect(error.description.contains(folder.store))
            #expect(error.aftermath.contains("Nothing was changed"))
            #expect(try TemporaryFolder.bytes(folder.store) == before)
        }
        let after = try folder.names.filter { !$0.hasSuffix("-shm") && !$0.hasSuffix("-wal") && !$0.hasSuffix(".lock") }
        #expect(after == names)
    }

    private func make(_ damage: Damage) throws {
        switch damage {
        case .text: try write(Data("date,ttft\n2026-01-01,0.3\n".utf8) + Data(count: 200))
        case .short: try write(Data("SQLite format 3\0".utf8))
        case .foreign:
            try DatabaseQueue(path: folder.store).write { try $0.execute(sql: "CREATE TABLE orders (id INTEGER)") }
        case .foreignLogged:
            try DatabasePool(path: folder.store).write { try $0.execute(sql: "CREATE TABLE orders (id INTEGER)") }
        case .newer, .newerLogged:
            do { _ = try EpisodeStore(path: folder.store) }
            let queue = try DatabaseQueue(path: folder.store)
            try queue.write { try $0.execute(sql: "PRAGMA user_version = \(Schema.version + 1)") }
            if damage == .newerLogged { try leaveInLog(queue) }
        case .schemaPage:
            do { _ = try EpisodeStore(path: folder.store) }
            var bytes = try TemporaryFolder.bytes(folder.store)
            bytes.replaceSubrange(100..<1_000, with: Data(repeating: 0xFF, count: 900))
            try write(bytes)
        }
    }

    /// Puts the file back to what it was before the newer version, while the log has it: as after a crash.
    private func leaveInLog(_ queue: DatabaseQueue) throws {
        try queue.write { try $0.execute(sql: "PRAGMA user_version = \(Schema.version)") }
        try queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try queue.write { try $0.execute(sql: "PRAGMA user_version = \(Schema.version + 1)") }
        let copies = try ["", "-wal"].map { (folder.store + $0, try TemporaryFolder.bytes(folder.store + $0)) }
        try queue.close()
        for (path, bytes) in copies { try bytes.write(to: URL(filePath: path)) }
    }

    private func write(_ bytes: Data) throws { try bytes.write(to: URL(filePath: folder.store)) }

    @Test("a damaged page in the middle is found by the check and by whoever reads it")
    func damagedPage() throws {
        do {
            _ = try EpisodeStore(path: folder.store).importMeasurements { append in
                for index in 0..<2_000 { try append(Samples.measurement(index)) }
                return Samples.importRecord()
            }
        }
        let page = try Self.pageOfMeasurements(folder.store)
        var bytes = try TemporaryFolder.bytes(folder.store)
        bytes.replaceSubrange((page - 1) * 4_096..<page * 4_096, with: Data(repeating: 0xA5, count: 4_096))
        try write(bytes)
        let store = try EpisodeStore(readingFrom: folder.store)
        let found = Result { try store.integrityCheck() }
        switch found {
        case .success(let lines): #expect(!lines.isEmpty)
        case .failure(let error): #expect((error as? StoreError)?.kind == .corrupt)
        }
        #expect(try #require(throws: StoreError.self) { try store.forEachMeasurement { _ in } }.kind == .corrupt)
    }

    /// The number, from 1, of a page in the middle of those that hold rows of measurements.
    private static func pageOfMeasurements(_ path: String) throws -> Int {
        let queue = try DatabaseQueue(path: path)
        _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        let pages = try queue.read { database in
            try Int.fetchAll(database, sql: "SELECT pageno FROM dbstat WHERE name = 'measurement' AND pagetype = 'leaf' ORDER BY pageno")
        }
        try queue.close()
        return pages[pages.count / 2]
    }

    @Test("without the right to write, writing is refused and reading goes on")
    func unprivileged() throws {
        do { try EpisodeStore(path: folder.store).recordCycle(Samples.cycle()) }
        let before = try TemporaryFolder.bytes(folder.store)
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: folder.store)
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
        let helper = try Helper("unprivileged", folder.store)
        #expect(try helper.readLine() == "readOnly")
        #expect(try helper.readLine() == "1")
        #expect(try helper.readLine() == "done")
        helper.end()
        #expect(try TemporaryFolder.bytes(folder.store) == before)
    }
}
