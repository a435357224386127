public import Documents

/// What happened to an object that is watched.
public enum WatchEvent: Sendable, Hashable {
    /// It is there, or began to match the selection.
    case added(DocumentValue)
    case modified(DocumentValue)
    /// It is gone, or ceased to match; as it was last.
    case deleted(DocumentValue)
    /// Nothing happened up to this resourceVersion.
    case bookmark(resourceVersion: String)

    /// Where a watch goes on after this event.
    public var resourceVersion: String? {
        switch self {
        case .added(let object), .modified(let object), .deleted(let object): object.text("metadata", "resourceVersion")
        case .bookmark(let version): version
        }
    }
}

/// What comes of following a collection: what is there, then what happens to it, and what is there once more where too much was missed.
public enum FollowedEvent: Sendable, Hashable {
    /// What was known before is void.
    case listed(KubernetesList)
    case changed(WatchEvent)
}

/// One line of a watch.
enum WatchLine {
    case event(WatchEvent)
    /// A Status, with its code.
    case failure(APIStatus, code: Int)

    /// `nil` for what is no event.
    init?(_ line: [UInt8], limitBytes: Int) {
        // What is no event ends the watch; why does not matter then.
        guard let document = try? line.withUnsafeBytes({ try JSONDocument.parse($0, limits: DocumentLimits(bytes: limitBytes)) }),
            let object = document["object"], case .object = object
        else { return nil }
        switch document.text("type") {
        case "ADDED": self = .event(.added(object))
        case "MODIFIED": self = .event(.modified(object))
        case "DELETED": self = .event(.deleted(object))
        case "BOOKMARK":
            guard let version = object.text("metadata", "resourceVersion") else { return nil }
            self = .event(.bookmark(resourceVersion: version))
        case "ERROR": self = .failure(APIStatus(object), code: Int(clamping: object.integer("code") ?? 500))
        default: return nil
        }
    }
}

/// Cuts a stream of bytes into lines, within a bound.
struct WatchLines {
    struct TooLong: Error {}

    let limitBytes: Int
    private var rest: [UInt8] = []

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// The lines that the bytes complete; empty ones are left out.
    mutating func take(_ bytes: [UInt8]) throws(TooLong) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            rest += bytes[start..<end]
            guard rest.count <= limitBytes else { throw TooLong() }
            if !rest.isEmpty { lines.append(rest) }
            rest = []
            start = end + 1
        }
        rest += bytes[start...]
        guard rest.count <= limitBytes else { throw TooLong() }
        return lines
    }
}
