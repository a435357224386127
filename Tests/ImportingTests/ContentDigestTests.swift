import FoundationEssentials
import Testing

@testable import Importing

@Suite("Content digest")
struct ContentDigestTests {
    @Test(
        "is MurmurHash3 (x64, 128 bits)",
        arguments: [
            ("", "00000000000000000000000000000000"), ("hello", "cbd8a7b341bd9b025b1e906a48ae1d19"),
            ("The quick brown fox jumps over the lazy dog", "e34bbc7bbc071b6c7a433ca9c49a9347"),
        ])
    func knownValues(text: String, expected: String) {
        var digest = ContentDigest()
        Array(text.utf8).withUnsafeBytes { digest.update($0) }
        #expect(digest.text == expected)
    }

    @Test("does not depend on the pieces the content comes in", arguments: 1...40)
    func pieces(size: Int) {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var whole = ContentDigest()
        bytes.withUnsafeBytes { whole.update($0) }
        var pieced = ContentDigest()
        for start in stride(from: 0, to: bytes.count, by: size) {
            Array(bytes[start..<min(start + size, bytes.count)]).withUnsafeBytes { pieced.update($0) }
        }
        #expect(pieced.text == whole.text)
    }

    @Test("is known before the import")
    func beforeImport() throws {
        let path = FileManager.default.temporaryDirectory.path + "/importing-\(UUID().uuidString)"
        try Data(Fixtures.vllm.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }  // A leftover temporary file harms nothing.
        #expect(try contentDigest(ofFileAt: path) == importFile(at: path) { _ in }.digest)
    }

    @Test("a directory, a missing file and a device are errors that name it", arguments: ["/tmp", "/no/such/file", "/dev/zero"])
    func unreadable(path: String) {
        #expect {
            try importFile(at: path) { _ in }
        } throws: { error in
            (error as? ImportError)?.kind == .unreadable && "\(error)".contains(path)
        }
    }

    @Test("identities are read as UUIDs are written")
    func identities() throws {
        let text = "1da17660-0d75-4247-b058-cabe4d646583"
        let read = Array(text.utf8).withUnsafeBytes { UUID(text: $0) }
        #expect(read == UUID(uuidString: text))
        for wrong in [
            "", "1da17660-0d75-4247-b058-cabe4d64658", "1da17660x0d75-4247-b058-cabe4d646583", "gda17660-0d75-4247-b058-cabe4d646583",
        ] {
            #expect(Array(wrong.utf8).withUnsafeBytes { UUID(text: $0) } == nil)
        }
    }
}
