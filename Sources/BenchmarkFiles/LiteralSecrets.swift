internal import Documents
internal import PolicyFiles

/// Keeps keys out of files: what looks like one is refused and never repeated.
struct LiteralSecrets {
    private(set) var places: [Place] = []

    private static let names: Set<String> = [
        "apikey", "key", "token", "apitoken", "accesstoken", "secret", "password", "authorization", "bearer", "credential", "credentials",
    ]

    /// The tree without the entries that hold a secret; their places are kept.
    mutating func removed(from node: YAMLNode) -> YAMLNode {
        switch node.content {
        case .scalar: return node
        case .sequence(let elements): return YAMLNode(mark: node.mark, content: .sequence(elements.map { removed(from: $0) }))
        case .mapping(let entries):
            var kept: [YAMLNode.Entry] = []
            for entry in entries {
                let name = entry.key.lowercased().filter { $0 != "_" && $0 != "-" }
                if Self.names.contains(name) {
                    places.append(Place(entry))
                } else {
                    kept.append(.init(key: entry.key, keyMark: entry.keyMark, value: removed(from: entry.value)))
                }
            }
            return YAMLNode(mark: node.mark, content: .mapping(kept))
        }
    }

    /// Whether a text can be the name of an environment variable. What cannot may be the key itself and is not repeated.
    static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), name.utf8.count <= 128 else { return false }
        return name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
        }
    }
}
