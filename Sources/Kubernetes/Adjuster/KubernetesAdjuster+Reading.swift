import Control
import Documents
import FoundationEssentials
import Policies

extension KubernetesAdjuster {
    /// The target with everything that knobs live in.
    func read(_ knobs: [Knob]) async throws(AdjusterError) -> LiveTarget {
        let object = try await get(writer.path)
        var scale: DocumentValue?
        if knobs.contains(where: { $0.place == .replicas }), !keepsReplicasInSpec { scale = try await get(writer.path + "/scale") }
        var maps: [String: DocumentValue] = [:]
        for (name, path) in configMapPaths(of: knobs) {
            do throws(AdjusterError) {
                maps[name] = try await get(path)
            } catch {
                guard case .gone = error else { throw error }  // Its knobs have no value then.
            }
        }
        return LiveTarget(object, scale: scale, configMaps: maps)
    }

    /// Whether the number of replicas stands in the object itself, as in the kinds of the group `apps`.
    private var keepsReplicasInSpec: Bool { target.group == "apps" }

    func configMapPaths(of knobs: [Knob]) -> [(name: String, path: String)] {
        let names = knobs.compactMap { knob in if case .configMapKey(let name, _) = knob.place { name } else { nil } }
        return Set(names).sorted().compactMap { name in
            // A name that is no part of a path is refused when the adjuster is made.
            (try? writer.configMapPath(name)).map { (name, $0) }
        }
    }

    func get(_ path: String) async throws(AdjusterError) -> DocumentValue {
        do throws(KubernetesError) {
            return try await client.get(path).object
        } catch {
            throw AdjusterError(error, on: path)
        }
    }

    /// The pods that the target's selector finds, without those of a canary's groups; none for a target without one.
    func pods(of live: LiveTarget) async throws(AdjusterError) -> [DocumentValue] {
        try await selectedPods(of: live).filter { $0.label(CanaryGroup.label) == nil }
    }

    /// All pods that the target's selector finds.
    func selectedPods(of live: LiveTarget) async throws(AdjusterError) -> [DocumentValue] {
        let selector =
            LabelSelector(live.object["spec"]?["selector"]) ?? live.object.text("status", "selector").flatMap(LabelSelector.init(text:))
        guard let selector else { return [] }
        return try await list("/api/v1/namespaces/\(target.namespace)/pods", ObjectSelection(labels: selector.text))
    }

    func readForeignOwners() async throws(AdjusterError) -> ForeignOwners {
        let namespace = "namespaces/\(target.namespace)"
        return ForeignOwners(
            of: target, autoscalers: try await list("/apis/autoscaling/v2/\(namespace)/horizontalpodautoscalers"),
            scaledObjects: try await listIfServed("keda.sh", "v1alpha1", "\(namespace)/scaledobjects"),
            verticalAutoscalers: try await listIfServed("autoscaling.k8s.io", "v1", "\(namespace)/verticalpodautoscalers"))
    }

    func list(_ path: String, _ selection: ObjectSelection = ObjectSelection()) async throws(AdjusterError) -> [DocumentValue] {
        do throws(KubernetesError) {
            return try await client.list(path, selection).items
        } catch {
            throw AdjusterError(error, on: path)
        }
    }

    /// The objects of a type that a cluster need not have; none where it does not.
    func listIfServed(_ group: String, _ version: String, _ resource: String) async throws(AdjusterError) -> [DocumentValue] {
        do throws(KubernetesError) {
            return try await client.list("/apis/\(group)/\(version)/\(resource)", ObjectSelection()).items
        } catch {
            if case .notFound = error.kind { return [] }
            // Rights are asked for before the type is looked up: a type that is not there may be forbidden too.
            if case .forbidden = error.kind, try await !isServed(group) { return [] }
            throw AdjusterError(error, on: resource)
        }
    }

    /// Whether the cluster has an API group.
    func isServed(_ group: String) async throws(AdjusterError) -> Bool {
        do throws(AdjusterError) {
            _ = try await get("/apis/\(group)")
            return true
        } catch {
            guard case .gone = error else { throw error }
            return false
        }
    }

    func send(_ patch: GuardedPatch, dryRun: Bool) async throws(KubernetesError) -> DocumentValue {
        try await client.patch(patch.path, .json, patch.body, WriteOptions(fieldManager: Self.fieldManager, dryRun: dryRun)).object
    }
}

/// A label selector as a query takes it.
struct LabelSelector {
    let text: String

    /// - Parameter selector: As in `spec.selector` of a workload; `nil` results where it selects nothing.
    init?(_ selector: DocumentValue?) {
        let labels = (selector?["matchLabels"]?.members ?? []).map { "\($0.key)=\($0.value.scalarText)" }
        let expressions = (selector?["matchExpressions"]?.elements ?? []).compactMap { expression -> String? in
            guard let key = expression.text("key") else { return nil }
            let values = (expression["values"]?.elements ?? []).map(\.scalarText).joined(separator: ",")
            switch expression.text("operator") {
            case "In": return "\(key) in (\(values))"
            case "NotIn": return "\(key) notin (\(values))"
            case "Exists": return key
            case "DoesNotExist": return "!\(key)"
            default: return nil
            }
        }
        self.init(text: (labels + expressions).joined(separator: ","))
    }

    /// An empty selector would find every pod of the namespace, so it is taken for none.
    init?(text: String) {
        guard !text.isEmpty else { return nil }
        self.text = text
    }
}
