public import Control
import Documents
public import FoundationEssentials
import Learning
public import Policies

/// Writes down what would be changed, for people and GitOps pipelines, and changes nothing.
///
/// Of each order two or three files appear in a folder of the policy, each as a whole: `ADJUSTMENT.json` with the change and both requests,
/// and, where the requests are exact, their bodies in `ADJUSTMENT.patch.json` and `ADJUSTMENT.undo.patch.json` for `kubectl patch
/// --patch-file`. Whether somebody applied it shows when the target is looked at, so an order always ends with its outcome unknown.
public struct RecommendationAdjuster: Adjuster {
    private let policy: Policy
    private let directory: String
    private let manifest: Manifest?
    private let observer: (any Adjuster)?

    /// - Parameters:
    ///   - directory: Made where it is missing.
    ///   - manifest: The target as it is, for exact patches.
    ///   - observer: Looks at the live target; without one the manifest is what is known.
    public init(policy: Policy, directory: String, manifest: Manifest? = nil, observer: (any Adjuster)? = nil) {
        self.policy = policy
        self.directory = directory
        self.manifest = manifest
        self.observer = observer
    }

    public func observe(with knob: Knob?) async throws(AdjusterError) -> TargetObservation {
        if let observer { return try await observer.observe(with: knob) }
        guard let manifest else { throw .unreachable("neither a live target nor a manifest tells the settings of \(policy.name)") }
        return TargetObservation(values: manifest.state(of: policy).values)
    }

    public func rehearse(_ order: ChangeOrder) async throws(AdjusterError) {}

    public func apply(_ order: ChangeOrder) async throws(AdjusterError) {
        let folder = "\(directory)/\(policy.name.fileName)"
        let name = order.adjustment.uuidString.lowercased() + (order.direction == .back ? ".back" : "")
        let plan = plan(of: order)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // The patches first: who finds the recommendation finds them too.
            if case .exact(let apply, let undo) = plan {
                try write(apply.body, "\(folder)/\(name).patch.json")
                try write(undo.body, "\(folder)/\(name).undo.patch.json")
            }
            try write(document(of: order, plan).json, "\(folder)/\(name).json")
        } catch {
            throw .unreachable("the recommendation could not be written into \(folder); look at its permissions and room")
        }
        throw .outcomeUnknown("the change is written down in \(folder)/\(name).json; it is in force when somebody has applied it")
    }

    /// Nothing bears a mark.
    public func unmark(_ adjustment: UUID, fence: FencingToken) async throws(AdjusterError) {}

    private func write(_ text: String, _ path: String) throws {
        try Data((text + "\n").utf8).write(to: URL(filePath: path), options: .atomic)
    }

    private func plan(of order: ChangeOrder) -> PlannedChange {
        guard case .kubernetes(let target) = policy.target else { return .none(reason: "the policy's target is no Kubernetes workload") }
        let candidate = Candidate(knob: order.knob.name, role: order.knob.role, from: order.from, to: order.to, step: 0)
        do {
            let pair = try PatchBuilder(target: target, manifest: manifest).pair(candidate, of: order.knob)
            return .exact(apply: pair.apply, undo: pair.undo)
        } catch {
            return .none(reason: error.description)
        }
    }

    private func document(of order: ChangeOrder, _ plan: PlannedChange) -> DocumentValue {
        var members: [DocumentValue.Member] = [
            .init(key: "policy", value: .string(policy.name)),
            .init(key: "adjustment", value: .string(order.adjustment.uuidString.lowercased())),
            .init(key: "direction", value: .string(order.direction.rawValue)), .init(key: "knob", value: .string(order.knob.name)),
            .init(key: "from", value: order.from.document), .init(key: "to", value: order.to.document),
        ]
        switch plan {
        case .none(let reason): members.append(.init(key: "noPatch", value: .string(reason)))
        case .exact(let apply, let undo):
            members += [.init(key: "apply", value: apply.document), .init(key: "undo", value: undo.document)]
        }
        return .object(members)
    }
}

extension PatchRequest {
    fileprivate var document: DocumentValue {
        .members([
            "method": .string(Self.method), "path": .string(path), "contentType": .string(contentType.rawValue), "body": .string(body),
            "command": .string(command),
        ])
    }
}

extension String {
    /// One name of a file system: what could lead elsewhere is written as a `_`, and a policy of a cluster is `namespace_name`.
    fileprivate var fileName: String {
        let safe = String(
            decoding: utf8.map { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || [0x2D, 0x2E].contains(byte)
                    ? byte : 0x5F
            }, as: UTF8.self)
        return safe.allSatisfy { $0 == "." } ? "_" + safe : safe
    }
}
