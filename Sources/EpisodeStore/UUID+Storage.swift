import FoundationEssentials

extension UUID {
    /// As identifiers that users type are stored, so that their beginnings can be searched.
    var lowercaseText: String { uuidString.lowercased() }

    /// The 16 bytes in the order in which they are written as text.
    var blob: Data { withUnsafeBytes(of: uuid) { Data($0) } }

    /// - Returns: `nil` for anything but 16 bytes.
    init?(blob: Data) {
        guard let id = blob.withUnsafeBytes(UUID.init(bytes:)) else { return nil }
        self = id
    }

    /// - Returns: `nil` for anything but 16 bytes.
    init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}
