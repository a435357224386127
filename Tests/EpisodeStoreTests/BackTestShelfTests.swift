import EpisodeStore
import EpisodeStoreHelper
import Foundation
import Measurements
import Policies
import TestSupport
import Testing

@Suite struct BackTestShelfTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func record(_ trace: String, at second: Int = 0) -> BackTestRecord {
        BackTestRecord(
            time: Samples.time.advanced(by: .seconds(second)), toolVersion: "1", trace: trace, attainment: 0.99, gpuHours: 12.5, seeds: 3)
    }

    @Test("a back-test is found by the policy's content, whatever its mode, also while a controller holds the store")
    func content() throws {
        let controller = try EpisodeStore(path: folder.store)
        let shelf = BackTestShelf(storePath: folder.store)
        var policy = Samples.policy()
        policy.mode = .recommend
        #expect(shelf.record(of: policy) == nil)
        try shelf.keep(record("monday"), of: policy)
        policy.mode = .auto
        policy.suspend = true
        #expect(BackTestShelf(storePath: folder.store).record(of: policy) == record("monday"))
        try shelf.keep(record("tuesday"), of: policy)
        #expect(shelf.record(of: policy)?.trace == "tuesday")
        policy.verify.window = .seconds(301)
        #expect(shelf.record(of: policy) == nil, "an edited policy was never tried")
        withExtendedLifetime(controller) {}
    }

    @Test("a pipe or a link where a back-test should be is no back-test, and keeps nobody waiting")
    func pipe() throws {
        let shelf = BackTestShelf(storePath: folder.store)
        try shelf.keep(record("monday"), of: Samples.policy())
        let path = folder.store + ".back-tests"
        let file = path + "/" + (try #require(try FileManager.default.contentsOfDirectory(atPath: path).first { $0.hasSuffix(".json") }))
        let elsewhere = folder.store + ".elsewhere"
        try FileManager.default.moveItem(atPath: file, toPath: elsewhere)
        #expect(mkfifo(file, 0o600) == 0)
        #expect(shelf.record(of: Samples.policy()) == nil)
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: elsewhere)
        #expect(shelf.record(of: Samples.policy()) == nil)
    }

    @Test("of many the oldest go, and what is damaged proves nothing")
    func bounded() throws {
        let shelf = BackTestShelf(storePath: folder.store)
        var policy = Samples.policy()
        for number in 0..<203 {
            policy.name = "p\(number)"
            try shelf.keep(record("t", at: number), of: policy)
        }
        let path = folder.store + ".back-tests"
        let files = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(files.count == 200)
        #expect(shelf.record(of: policy) != nil)
        policy.name = "p2"
        #expect(shelf.record(of: policy) == nil)
        for file in files { try Data("{".utf8).write(to: URL(filePath: path + "/" + file)) }
        policy.name = "p202"
        #expect(shelf.record(of: policy) == nil)
    }

    @Test("a folder that cannot be made is told with its path")
    func refused() throws {
        let file = try folder.write("plain", "")
        let error = try #require(throws: StoreError.self) {
            try BackTestShelf(storePath: file + "/store.sqlite").keep(record("t"), of: Samples.policy())
        }
        #expect(error.description.contains(file))
    }
}
