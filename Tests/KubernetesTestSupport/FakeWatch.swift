import Dispatch
import Synchronization

/// A stream of events as the server sends it: a queue that one reader empties.
public final class FakeWatch: Sendable {
    public enum Signal: Sendable, Hashable {
        /// An object with `type` and `object`.
        case event(JSONValue)
        /// The server ends the stream properly.
        case end
        /// The connection is cut.
        case cut
    }

    /// A reader that lets more events wait is cut off, as the real server does.
    static let bufferLimit = 10_000

    public let id: Int
    /// Of the request's `timeoutSeconds`.
    public let timeoutSeconds: Int?
    public let wantsBookmarks: Bool
    private let waiting = Mutex<[Signal]>([])
    private let available = DispatchSemaphore(value: 0)

    init(id: Int, timeoutSeconds: Int?, wantsBookmarks: Bool) {
        self.id = id
        self.timeoutSeconds = timeoutSeconds
        self.wantsBookmarks = wantsBookmarks
    }

    func put(_ signal: Signal) {
        let isTaken = waiting.withLock { waiting in
            guard waiting.count <= Self.bufferLimit else { return false }
            waiting.append(waiting.count < Self.bufferLimit ? signal : .cut)
            return true
        }
        if isTaken { available.signal() }
    }

    /// Waits, on a thread of the caller's own, for the next signal; `nil` when the time is over.
    public func next(withinMilliseconds limit: Int) -> Signal? {
        guard available.wait(timeout: .now() + .milliseconds(limit)) == .success else { return nil }
        return waiting.withLock { $0.removeFirst() }
    }

    /// What has been sent and not been read.
    public func drain() -> [Signal] {
        var signals: [Signal] = []
        while let signal = next(withinMilliseconds: 0) { signals.append(signal) }
        return signals
    }
}

/// The server's side of a watch.
struct WatchState {
    let filter: ObjectFilter
    let type: ResourceType
    let namespace: String?
    let metadataOnly: Bool
    let queue: FakeWatch

    var wantsBookmarks: Bool { queue.wantsBookmarks }

    func send(_ kind: String, _ object: JSONValue) { queue.put(.event(["type": .string(kind), "object": object])) }
    func finish(_ signal: FakeWatch.Signal) { queue.put(signal) }
}

/// `labelSelector` and `fieldSelector` of a list, a watch or a deletion of a collection.
struct ObjectFilter: Sendable, Hashable {
    enum Requirement: Sendable, Hashable {
        case isIn(String, [String])
        case isNotIn(String, [String])
        case exists(String)
        case isAbsent(String)
    }

    var labels: [Requirement] = []
    /// Path, value, and whether it is to be that value.
    var fields: [FieldTerm] = []

    struct FieldTerm: Sendable, Hashable {
        var path: String
        var value: String
        var isEqual: Bool
    }

    var isEmpty: Bool { labels.isEmpty && fields.isEmpty }

    func matches(_ object: JSONValue) -> Bool {
        let names = object["metadata", "labels"]?.members ?? [:]
        let labelsMatch = labels.allSatisfy { requirement in
            switch requirement {
            case .isIn(let key, let values): names[key]?.text.map(values.contains) ?? false
            case .isNotIn(let key, let values): !(names[key]?.text.map(values.contains) ?? false)
            case .exists(let key): names[key] != nil
            case .isAbsent(let key): names[key] == nil
            }
        }
        return labelsMatch
            && fields.allSatisfy { term in
                let value = object[term.path.split(separator: ".").map(String.init)[...]]
                return ((value?.text ?? "") == term.value) == term.isEqual
            }
    }

    /// - Throws: 400 for what the server does not understand.
    init(query: [String: String], type: ResourceType) throws(APIFailure) {
        if let text = query["labelSelector"], !text.isEmpty { labels = try Self.parseLabels(text) }
        for part in (query["fieldSelector"] ?? "").split(separator: ",") {
            let isEqual = !part.contains("!=")
            let sides = part.split(separator: "=", omittingEmptySubsequences: true)
            let path = String(sides.first ?? "").trimmingSuffix("!")
            var known = ["metadata.name"] + (type.isNamespaced ? ["metadata.namespace"] : [])
            if type.storage == "pods" { known += ["spec.nodeName", "status.phase"] }
            if type.storage == "events" {
                known += ["involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "involvedObject.uid", "reason", "type"]
            }
            guard known.contains(path) else {
                let list = known.map { "\"\($0)\"" }.joined(separator: ", ")
                throw .badRequest("\"\(path)\" is not a known field selector: only \(list)")
            }
            fields.append(FieldTerm(path: path, value: sides.count > 1 ? String(sides[sides.count - 1]) : "", isEqual: isEqual))
        }
    }

    private static func parseLabels(_ text: String) throws(APIFailure) -> [Requirement] {
        var requirements: [Requirement] = []
        for part in splitOutsideParentheses(text) {
            let words = part.split(whereSeparator: { $0 == " " }).map(String.init)
            if let range = part.firstRange(of: "!=") {
                requirements.append(.isNotIn(trimmed(part[..<range.lowerBound]), [trimmed(part[range.upperBound...])]))
            } else if let equals = part.firstIndex(of: "=") {
                requirements.append(
                    .isIn(trimmed(part[..<equals]), [trimmed(part[equals...]).trimmingPrefix("=").trimmingPrefix("=")].map(trimmed)))
            } else if words.count >= 2, words[1] == "in" || words[1] == "notin", let open = part.firstIndex(of: "("),
                let close = part.lastIndex(of: ")"), open < close
            {
                let values = part[part.index(after: open)..<close].split(separator: ",").map { trimmed($0) }
                requirements.append(words[1] == "in" ? .isIn(words[0], values) : .isNotIn(words[0], values))
            } else if words.count == 1 {
                let word = words[0]
                requirements.append(word.hasPrefix("!") ? .isAbsent(String(word.dropFirst())) : .exists(word))
            } else {
                let found = words.count > 1 ? words[1] : ""
                throw .badRequest("unable to parse requirement: found '\(found)', expected: in, notin, =, ==, !=, gt, lt")
            }
        }
        return requirements
    }

    private static func splitOutsideParentheses(_ text: String) -> [Substring] {
        var depth = 0
        return text.split(whereSeparator: { character in
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            return character == "," && depth == 0
        })
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

extension String {
    func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
    func trimmingPrefix(_ prefix: String) -> String { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self }
}
