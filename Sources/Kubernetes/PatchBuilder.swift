public import Control
import Documents
public import Learning
public import Policies

/// Writes the request that makes a change and the one that undoes it.
///
/// Every JSON patch tests the old value before it replaces it: where somebody else was there in the meantime, the API server refuses it
/// as a whole. A patch of the scale subresource always holds a whole number, because an absent one means zero. What is undone is what the
/// manifest said, to the byte: `0.90` does not come back as `0.9`, and what was not there is taken away again. Where a patch would have to
/// guess, there is none, and the cure is named.
public struct PatchBuilder: Sendable {
    let target: Policy.KubernetesTarget
    let manifest: Manifest?
    private let byPosition: Bool

    /// - Parameter manifest: The target as it is; needed where a patch depends on more than the value it sets.
    public init(target: Policy.KubernetesTarget, manifest: Manifest? = nil) {
        self.init(target: target, manifest: manifest, byPosition: false)
    }

    /// - Parameter byPosition: Only JSON patches, for requests that test the version of the object the manifest is of; that the change starts
    ///   from what is in force has been seen to.
    init(target: Policy.KubernetesTarget, manifest: Manifest?, byPosition: Bool) {
        self.target = target
        self.manifest = manifest
        self.byPosition = byPosition
    }

    /// The two directions of a change.
    public struct Pair: Sendable, Hashable {
        public let apply: PatchRequest
        public let undo: PatchRequest
    }

    /// The patch of a change of a knob and the one that takes it back once it was made.
    /// - Throws: `NoPatch` where they cannot be exact.
    public func pair(_ candidate: Candidate, of knob: Knob) throws(NoPatch) -> Pair {
        let writer = try RequestWriter(target, byPosition: byPosition)
        try checkStart(of: candidate, knob)
        switch knob.place {
        case .replicas: return try scale(candidate, writer)
        case .environment(let container, let name): return try variable(name, of: container, candidate, writer)
        case .resource(let container, let resource): return try self.resource(resource, of: container, candidate, writer)
        case .containerArgument(let container, let flag): return try argument(flag, of: container, candidate, knob, writer)
        case .configMapKey(let configMap, let key): return try self.configMap(configMap, key: key, candidate, writer)
        case .field(let pointer): return try field(pointer, candidate, writer)
        case .parameter: throw NoPatch("\(knob.name) is a setting of a command target, which no patch changes")
        }
    }

    /// The cure where the target must be known.
    func needsManifest(_ why: String) -> NoPatch {
        NoPatch(
            "\(why); pass --manifest FILE with the output of: "
                + "kubectl get \(target.kind.lowercased()) \(target.name) -n \(target.namespace) -o yaml")
    }

    /// A change that starts from another value than the manifest's was decided on another state. The number of replicas is left to the test
    /// in its patch: manifests under version control often do not have the live one.
    private func checkStart(of candidate: Candidate, _ knob: Knob) throws(NoPatch) {
        guard !byPosition, knob.place != .replicas, let text = manifest?.text(of: knob) else { return }
        guard KnobValue(plain: text).isSame(as: candidate.from) || text == candidate.from.description else {
            throw NoPatch("the manifest says \(knob.name) is \(text), and the change starts from \(candidate.from)")
        }
    }

    private func scale(_ candidate: Candidate, _ writer: RequestWriter) throws(NoPatch) -> Pair {
        guard case .integer(let old) = candidate.from, case .integer(let new) = candidate.to, old >= 1, new >= 1 else {
            throw NoPatch(
                "replicas must go from a whole number of at least 1 to another, not from \(candidate.from) to \(candidate.to): "
                    + "at zero the number is absent and no patch can test it")
        }
        return exchange("/spec/replicas", .integer(Int64(old)), .integer(Int64(new)), writer.scale)
    }

    private func configMap(_ name: String, key: String, _ candidate: Candidate, _ writer: RequestWriter) throws(NoPatch) -> Pair {
        var old = DocumentValue.string(candidate.from.description)
        if let known = manifest?.configMap(name) { old = known["data"]?[key] ?? .null }
        return Pair(
            apply: try writer.configMap(name, key: key, .string(candidate.to.description)),
            undo: try writer.configMap(name, key: key, old))
    }

    private func field(_ pointer: String, _ candidate: Candidate, _ writer: RequestWriter) throws(NoPatch) -> Pair {
        guard let manifest else { throw needsManifest("whether \(pointer) is set, and as what, is not known") }
        if let old = manifest.document.value(at: pointer) {
            guard old.isScalar else { throw NoPatch("\(pointer) holds \(old.kindName), not a setting") }
            return exchange(pointer, old, candidate.to.document(like: old), writer.workload)
        }
        let parent = String(pointer[..<(pointer.lastIndex(of: "/") ?? pointer.startIndex)])
        guard case .object = manifest.document.value(at: parent) else { throw NoPatch("the manifest has no \(parent), so no \(pointer)") }
        let new = candidate.to.document
        return Pair(apply: writer.workload([.add(pointer, new)]), undo: writer.workload([.test(pointer, new), .remove(pointer)]))
    }

    /// One value for another where it stands, and back.
    func exchange(
        _ pointer: String, _ old: DocumentValue, _ new: DocumentValue, _ request: ([PatchStep]) -> PatchRequest
    ) -> Pair {
        Pair(
            apply: request([.test(pointer, old), .replace(pointer, new)]), undo: request([.test(pointer, new), .replace(pointer, old)]))
    }
}

extension KnobValue {
    var document: DocumentValue {
        switch self {
        case .integer(let value): .integer(Int64(value))
        case .number(let value): .double(value)
        case .text(let value): .string(value)
        case .flag(let value): .boolean(value)
        }
    }

    /// The value in the type another one stands in: a quantity such as `"1"` stays a string.
    func document(like old: DocumentValue) -> DocumentValue {
        if case .string = old { .string(description) } else { document }
    }
}
