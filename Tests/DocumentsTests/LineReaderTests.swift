import Documents
import Foundation
import Testing

@Suite("Lines and rows")
struct LineReaderTests {
    @Test("lines are the same whatever the size of the pieces", arguments: [16, 17, 64, 4096])
    func chunkSizes(chunk: Int) throws {
        let text = "\u{FEFF}first\r\n\r\nthird with more text than a piece holds\nlast"
        let lines = try lines(of: text, chunk: chunk)
        #expect(lines == ["first", "", "third with more text than a piece holds", "last"])
        #expect(try self.lines(of: "a\n", chunk: chunk) == ["a"])
        #expect(try self.lines(of: "", chunk: chunk) == [])
    }

    @Test("a line longer than allowed is passed over and named", arguments: [16, 4096])
    func tooLong(chunk: Int) throws {
        let path = try file("short\n" + String(repeating: "x", count: 100) + "\nafter\n")
        defer { try? FileManager.default.removeItem(atPath: path) }  // A leftover temporary file harms nothing.
        let reader = try LineReader(path: path, maximumLineBytes: 20, chunkBytes: chunk)
        var seen: [String] = []
        while let line = try reader.next() {
            seen.append("\(line.number):\(line.isTooLong ? "too long" : String(decoding: line.bytes, as: UTF8.self))")
        }
        #expect(seen == ["1:short", "2:too long", "3:after"])
        #expect(reader.bytesRead == reader.totalBytes)
    }

    @Test("a pipe that nobody writes to is an error that says so; one that is written to is read, also where that begins later")
    func pipe() throws {
        let path = FileManager.default.temporaryDirectory.path + "/pipe-\(UUID().uuidString)"
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let error = #expect(throws: DocumentError.self) { try FileContent.read(path: path, limitBytes: 100) }
        #expect(error?.message == "cannot read '\(path)': it is a pipe, and nobody writes to it")
        let writer = Thread { try? Data("later".utf8).write(to: URL(filePath: path)) }  // A loss shows in what is read.
        writer.start()
        #expect(String(decoding: try FileContent.read(path: path, limitBytes: 100), as: UTF8.self) == "later")
    }

    @Test("a file that is not there is an error that names it")
    func missingFile() {
        #expect(throws: DocumentError(.unreadable, "cannot open 'no/such/file': No such file or directory")) {
            try LineReader(path: "no/such/file")
        }
    }

    @Test("a row holds the values at its paths")
    func rows() throws {
        let rows = try JSONRows(paths: ["id", "metrics/ttft/value", "metrics/gaps/value", "error", "flag", "big"])
        try rows.read(
            #"{"other": {"id": "no"}, "metrics": {"ttft": {"value": 1.5}, "gaps": {"value": [1, "x", 2.5]}}, "id": "a\"b", "big": 9007199254740993}"#
        )
        #expect(rows.text(0) == "a\"b")
        #expect(rows.number(1) == .finite(1.5))
        #expect(rows.numbers(2).map { $0.map { $0.isNaN ? -1 : $0 } } == [1, -1, 2.5])
        #expect(!rows.isPresent(3))
        #expect(rows.integer(5) == 9_007_199_254_740_993)
        try rows.read(#"{"id": null, "error": {"code": 1}, "flag": true, "metrics": {"ttft": {"value": NaN}}}"#)
        #expect(rows.text(0) == nil)
        #expect(rows.number(1) == .notFinite)
        #expect(rows.isPresent(3))
        #expect(rows.boolean(4) == true)
        #expect(rows.number(5) == .missing)
    }

    @Test("a line that is no object is refused with its column")
    func badRows() throws {
        let rows = try JSONRows(paths: ["a"])
        #expect(throws: DocumentError(.malformed, "expected a JSON object that starts with '{'", line: 1, column: 1, byteOffset: 0)) {
            try rows.read("[1]")
        }
        let message = "expected a value, found the end of the document; it may be cut off"
        #expect(throws: DocumentError(.malformed, message, line: 1, column: 6, byteOffset: 5)) { try rows.read(#"{"a":"#) }
        try rows.read(#"{"a": 3}"#)
        #expect(rows.integer(0) == 3)
    }

    private func lines(of text: String, chunk: Int) throws -> [String] {
        let path = try file(text)
        defer { try? FileManager.default.removeItem(atPath: path) }  // A leftover temporary file harms nothing.
        var pieces: [UInt8] = []
        let reader = try LineReader(path: path, chunkBytes: chunk) { pieces.append(contentsOf: $0) }
        var lines: [String] = []
        while let line = try reader.next() { lines.append(String(decoding: line.bytes, as: UTF8.self)) }
        #expect(pieces == Array(text.utf8))
        return lines
    }

    private func file(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.path + "/lines-\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }
}
