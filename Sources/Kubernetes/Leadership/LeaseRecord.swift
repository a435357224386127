public import Documents
public import Measurements

/// What a Lease of `coordination.k8s.io/v1` says of leadership.
public struct LeaseRecord: Sendable, Hashable {
    /// Empty where nobody holds it.
    public var holder: String
    /// How long others must see no change before they may take it, whole seconds; `nil` where the Lease does not say.
    public var durationSeconds: Int64?
    public var acquired: Timestamp?
    public var renewed: Timestamp?
    /// How often the holder has changed; the number of the holder's term.
    public var transitions: Int64

    public init(holder: String, durationSeconds: Int64?, acquired: Timestamp?, renewed: Timestamp?, transitions: Int64) {
        self.holder = holder
        self.durationSeconds = durationSeconds
        self.acquired = acquired
        self.renewed = renewed
        self.transitions = transitions
    }

    /// - Parameter spec: Of a Lease; what it lacks is nobody, no time, or 0.
    public init(spec: DocumentValue?) {
        holder = spec?.text("holderIdentity") ?? ""
        durationSeconds = spec?.integer("leaseDurationSeconds")
        acquired = spec?.text("acquireTime").flatMap { Timestamp(iso8601: $0) }
        renewed = spec?.text("renewTime").flatMap { Timestamp(iso8601: $0) }
        // The API keeps 32 bits.
        transitions = min(max(spec?.integer("leaseTransitions") ?? 0, 0), Int64(Int32.max))
    }

    /// The members of `spec` this is about.
    public var members: [DocumentValue.Member] {
        var members: [DocumentValue.Member] = [.init(key: "holderIdentity", value: .string(holder))]
        if let durationSeconds { members.append(.init(key: "leaseDurationSeconds", value: .integer(durationSeconds))) }
        if let acquired { members.append(.init(key: "acquireTime", value: .string(acquired.microTime))) }
        if let renewed { members.append(.init(key: "renewTime", value: .string(renewed.microTime))) }
        members.append(.init(key: "leaseTransitions", value: .integer(transitions)))
        return members
    }
}

/// A Lease as it was read or as a write left it.
public struct ObservedLease: Sendable, Hashable {
    public var record: LeaseRecord
    public var resourceVersion: String
    /// The whole object, so that what others keep in it stays.
    public var object: DocumentValue

    public init(_ object: DocumentValue) {
        self.object = object
        record = LeaseRecord(spec: object["spec"])
        resourceVersion = object.text("metadata", "resourceVersion") ?? ""
    }

    /// The object with another record in it, guarded by the resourceVersion it was read with.
    func replacing(_ record: LeaseRecord) -> DocumentValue {
        let ours = record.members
        let names = Set(ours.map(\.key) + ["acquireTime", "renewTime", "leaseDurationSeconds"])
        let others = (object["spec"]?.members ?? []).filter { !names.contains($0.key) }
        return .object(object.members.filter { $0.key != "spec" } + [.init(key: "spec", value: .object(ours + others))])
    }
}

extension Timestamp {
    /// RFC 3339 with six fractional digits, the only form a Lease takes: `2026-11-21T02:41:33.000000Z`.
    public var microTime: String {
        let micros = nanosecondsSinceEpoch / 1_000 * 1_000
        // With a microsecond that is not zero the description has six digits and no more.
        let isWhole = micros % 1_000_000 == 0
        let text = Timestamp(nanosecondsSinceEpoch: isWhole ? micros + 1_000 : micros).description
        return isWhole ? text.dropLast(2) + "0Z" : text
    }
}
