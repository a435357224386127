import Foundation
import TestSupport

extension TemporaryFolder {
    /// The path of a store in it.
    var store: String { path + "/store.sqlite" }

    static func permissions(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    static func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }
}
