import FoundationEssentials
public import Learning

/// Whether a recorded decision follows from its recorded inputs.
public enum ReplayResult: Sendable, Hashable {
    /// Byte for byte.
    case identical
    /// The first place in which they differ, as a JSON pointer (RFC 6901), with what each side has there; `nil` for nothing.
    case differs(pointer: String, stored: String?, derived: String?)
}

/// Decides again on the recorded inputs and compares the outcome with the recorded one. Pure.
/// - Parameter estimator: The one that was used then, where it was not the one the snapshot's past gives.
/// - Parameter utility: The one that was used then.
/// - Throws: `EncodingError` where a decision cannot be written as JSON.
public func replay(
    _ record: CycleRecord, estimator: (any EffectEstimator)? = nil, utility: UtilityModel = UtilityModel()
) throws -> ReplayResult {
    let derived = decide(record.snapshot, under: record.policy, estimator: estimator, utility: utility)
    return try compare(stored: record.decision, derived: derived)
}

/// Compares two decisions by their canonical JSON.
/// - Throws: `EncodingError` where a decision cannot be written as JSON.
public func compare(stored: Decision, derived: Decision) throws -> ReplayResult {
    let before = try CanonicalJSON.encode(stored)
    let after = try CanonicalJSON.encode(derived)
    guard before != after else { return .identical }
    let trees = try (CanonicalJSON.decode(JSONTree.self, from: before), CanonicalJSON.decode(JSONTree.self, from: after))
    guard let (pointer, left, right) = trees.0.firstDifference(from: trees.1) else { return .identical }
    return .differs(pointer: pointer, stored: left?.excerpt, derived: right?.excerpt)
}

/// Any JSON value.
indirect enum JSONTree: Hashable {
    case null
    case flag(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case number(Double)
    case text(String)
    case list([JSONTree])
    case object([String: JSONTree])

    /// The first place, in sorted key order, in which the other tree differs.
    func firstDifference(from other: JSONTree, at pointer: String = "") -> (pointer: String, left: JSONTree?, right: JSONTree?)? {
        switch (self, other) {
        case (.object(let left), .object(let right)):
            for key in Set(left.keys).union(right.keys).sorted() {
                let place = pointer + "/" + Self.escaped(key)
                if let found = Self.difference(left[key], right[key], at: place) { return found }
            }
            return nil
        case (.list(let left), .list(let right)):
            for index in 0..<max(left.count, right.count) {
                let sides = (left.indices.contains(index) ? left[index] : nil, right.indices.contains(index) ? right[index] : nil)
                if let found = Self.difference(sides.0, sides.1, at: "\(pointer)/\(index)") { return found }
            }
            return nil
        default: return self == other ? nil : (pointer, self, other)
        }
    }

    private static func difference(
        _ left: JSONTree?, _ right: JSONTree?, at pointer: String
    ) -> (pointer: String, left: JSONTree?, right: JSONTree?)? {
        guard let left, let right else { return left == right ? nil : (pointer, left, right) }
        return left.firstDifference(from: right, at: pointer)
    }

    private static func escaped(_ key: String) -> String {
        String(key.flatMap { $0 == "~" ? Array("~0") : $0 == "/" ? Array("~1") : [$0] })
    }

    /// The value as a reader wants to see it: scalars in full up to 200 characters, containers by their size.
    var excerpt: String {
        switch self {
        case .null: "null"
        case .flag(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): "\"\(value.prefix(200))\"" + (value.count > 200 ? "…" : "")
        case .list(let values): "a list of \(values.count)"
        case .object(let values): "an object of \(values.count)"
        }
    }
}

extension JSONTree: Decodable {
    init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: Key.self) {  // Each attempt answers "is it this type?"; the last one reports.
            var values: [String: JSONTree] = [:]
            for key in keyed.allKeys { values[key.stringValue] = try keyed.decode(JSONTree.self, forKey: key) }
            self = .object(values)
        } else if var list = try? decoder.unkeyedContainer() {
            var values: [JSONTree] = []
            while !list.isAtEnd { values.append(try list.decode(JSONTree.self)) }
            self = .list(values)
        } else {
            self = try Self.scalar(decoder.singleValueContainer())
        }
    }

    private static func scalar(_ container: any SingleValueDecodingContainer) throws -> JSONTree {
        if container.decodeNil() { return .null }
        if let value = try? container.decode(Bool.self) { return .flag(value) }
        if let value = try? container.decode(Int64.self) { return .integer(value) }
        if let value = try? container.decode(UInt64.self) { return .unsigned(value) }
        if let value = try? container.decode(String.self) { return .text(value) }
        return .number(try container.decode(Double.self))
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
