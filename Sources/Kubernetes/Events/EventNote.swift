import Documents

/// Something worth telling the people who run a target, as an Event of its namespace.
public struct EventNote: Sendable, Hashable {
    public enum Severity: String, Sendable, Hashable {
        case normal = "Normal"
        case warning = "Warning"
    }

    /// The object an event is about.
    public struct Subject: Sendable, Hashable {
        public var apiVersion: String
        public var kind: String
        public var namespace: String
        public var name: String
        public var uid: String?

        public init(apiVersion: String, kind: String, namespace: String, name: String, uid: String? = nil) {
            self.apiVersion = apiVersion
            self.kind = kind
            self.namespace = namespace
            self.name = name
            self.uid = uid
        }
    }

    public var subject: Subject
    public var severity: Severity
    /// One word in camel case, e.g. `AdjustmentApplied`; at most 128 bytes are kept.
    public var reason: String
    /// A sentence with figures; at most 1024 bytes are kept.
    public var message: String

    public init(_ reason: String, _ message: String, of subject: Subject, severity: Severity = .normal) {
        self.subject = subject
        self.severity = severity
        self.reason = reason.cut(toBytes: 128)
        self.message = message.cut(toBytes: 1_024)
    }

    /// The Event as it is first written.
    /// - Parameter name: Unique in the namespace.
    /// - Parameter time: RFC 3339, whole seconds.
    func event(name: String, time: String, component: String) -> DocumentValue {
        let about: [(String, String?)] = [
            ("apiVersion", subject.apiVersion), ("kind", subject.kind), ("namespace", subject.namespace), ("name", subject.name),
            ("uid", subject.uid),
        ]
        return .members([
            "apiVersion": .string("v1"), "kind": .string("Event"),
            "metadata": .members(["name": .string(name), "namespace": .string(subject.namespace)]),
            "involvedObject": .object(about.compactMap { key, value in value.map { .init(key: key, value: .string($0)) } }),
            "reason": .string(reason), "message": .string(message), "type": .string(severity.rawValue),
            "source": .members(["component": .string(component)]), "count": .integer(1), "firstTimestamp": .string(time),
            "lastTimestamp": .string(time),
        ])
    }
}

extension String {
    /// Its longest beginning of whole characters within a number of bytes.
    func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var result = ""
        var count = 0
        for character in self {
            count += character.utf8.count
            guard count <= limit else { break }
            result.append(character)
        }
        return result
    }
}
