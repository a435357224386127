import FoundationEssentials

/// Files of configuration: read whole, within bounds.
enum SmallFile {
    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// - Parameter place: What the file is for, for the error.
    /// - Throws: `ConfigurationError` where it is absent, not a plain file, or beyond the limit.
    static func bytes(_ path: String, limitBytes: Int, for place: String) throws(ConfigurationError) -> [UInt8] {
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: URL(filePath: path).resolvingSymlinksInPath().path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw ConfigurationError(place, "'\(path)' is not a plain file", cure: "name a file that holds the text itself")
            }
            let data = try Data(contentsOf: URL(filePath: path))
            guard data.count <= limitBytes else {
                throw ConfigurationError(place, "'\(path)' has \(data.count) bytes, more than \(limitBytes)", cure: "name the right file")
            }
            return [UInt8](data)
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(place, "cannot read '\(path)'", cure: "check that it exists and may be read")
        }
    }

    /// The first line of a file that holds a token.
    static func token(_ path: String, for place: String) throws(ConfigurationError) -> String {
        let text = String(decoding: try bytes(path, limitBytes: 64 << 10, for: place), as: UTF8.self).trimmed
        guard !text.isEmpty else {
            throw ConfigurationError(place, "'\(path)' is empty", cure: "put a token in, or wait until it is written")
        }
        guard text.isHeaderValue else {
            throw ConfigurationError(place, "'\(path)' does not hold a token on one line", cure: "put a token in, and nothing else")
        }
        return text
    }
}

extension String {
    /// Whether it can stand in a header: printable ASCII.
    var isHeaderValue: Bool { !isEmpty && utf8.allSatisfy { (0x20...0x7E).contains($0) } }
}
