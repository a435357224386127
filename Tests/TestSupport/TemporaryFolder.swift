public import Foundation

/// A folder that goes away with its owner.
public final class TemporaryFolder: Sendable {
    public let path: String

    /// - Parameter name: What the folder's name begins with.
    public init(_ name: String = "optimizer-tests") throws {
        path = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // Left behind, it is in the folder for what may be left behind.
        try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        try? FileManager.default.removeItem(atPath: path)
    }

    public var url: URL { URL(filePath: path, directoryHint: .isDirectory) }

    /// - Returns: The file's path.
    @discardableResult
    public func write(_ name: String, _ text: String, isExecutable: Bool = false) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        if isExecutable { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file) }
        return file
    }

    public func read(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }

    /// The names in the folder, sorted.
    public var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
}
