import Documents

/// A document of JSON, written in MessagePack.
enum MessagePackDocument {
    /// Whole numbers beyond 64 bits with a sign become floating point, as most readers of JSON have them.
    static func file(_ json: String) throws -> ExportedFile {
        ExportedFile(suffix: ".msgpack", bytes: [MessagePackEncoder.encode(try JSONDocument.parse(json))])
    }
}
