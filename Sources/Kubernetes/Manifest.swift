public import Control
public import Documents
public import Policies

/// A workload as its manifest describes it: where its settings are and what they are.
public struct Manifest: Sendable, Hashable {
    let document: DocumentValue
    private let configMaps: [DocumentValue]

    /// - Parameter others: Other objects of the same file; the ConfigMaps among them tell the settings they hold.
    /// - Throws: `NoPatch` where the document is no workload with a pod template.
    public init(_ document: DocumentValue, beside others: [DocumentValue] = []) throws(NoPatch) {
        guard document["spec"]?["template"]?["spec"]?["containers"]?.elements.isEmpty == false else {
            let kind = document.text("kind") ?? document.kindName
            throw NoPatch("expected the manifest of a Deployment or StatefulSet with spec.template.spec.containers, found \(kind)")
        }
        self.document = document
        configMaps = others.filter { $0.text("kind") == "ConfigMap" }
    }

    /// - Parameter object: Any object; one without a pod template has no containers to find settings in.
    init(object: DocumentValue, beside others: [DocumentValue] = []) {
        document = object
        configMaps = others
    }

    /// What the manifest says of a policy's knobs; one it does not mention is left out, so that the policy's `default` holds.
    public func state(of policy: Policy) -> TargetState {
        var state = TargetState()
        for knob in policy.knobs {
            guard let text = text(of: knob) else { continue }
            state.values[knob.name] = KnobState(KnobValue(plain: text), origin: .manifest)
        }
        return state
    }

    /// Whether this is the workload a policy is about; a namespace or version that the manifest does not tell is taken as the right one.
    public func isManifest(of target: Policy.KubernetesTarget) -> Bool {
        document.text("kind") == target.kind && document.text("metadata", "name") == target.name
            && (document.text("metadata", "namespace") ?? target.namespace) == target.namespace
            && (document.text("apiVersion") ?? target.apiVersion) == target.apiVersion
    }

    /// `Kind namespace/name`, for messages.
    public var title: String {
        let namespace = document.text("metadata", "namespace").map { "\($0)/" } ?? ""
        return "\(document.text("kind") ?? "?") \(namespace)\(document.text("metadata", "name") ?? "?")"
    }

    /// A container of the pod template, and where it stands.
    struct Container {
        let index: Int
        let document: DocumentValue

        var pointer: String { "/spec/template/spec/containers/\(index)" }
        var command: ContainerCommand { ContainerCommand(document) }
        var variables: [DocumentValue] { document["env"]?.elements ?? [] }
    }

    /// - Throws: `NoPatch` where the manifest has no container of this name.
    func container(_ name: String) throws(NoPatch) -> Container {
        let all = document["spec"]?["template"]?["spec"]?["containers"]?.elements ?? []
        guard let index = all.firstIndex(where: { $0.text("name") == name }) else {
            let names = all.compactMap { $0.text("name") }.joined(separator: ", ")
            throw NoPatch("the manifest has no container '\(name)'; it has: \(names)")
        }
        return Container(index: index, document: all[index])
    }

    /// The data of a ConfigMap that was given beside the workload.
    func configMap(_ name: String) -> DocumentValue? { configMaps.first { $0.text("metadata", "name") == name } }

    /// What the manifest says of a knob, as text; `nil` where it does not mention it.
    func text(of knob: Knob) -> String? {
        switch knob.place {
        case .replicas: return document["spec"]?["replicas"]?.scalarText
        case .containerArgument(let name, let flag):
            guard let container = try? container(name) else { return nil }  // Told where a patch is asked for.
            switch container.command.place(of: flag, isSwitch: knob.isSwitch) {
            case .joined(_, _, let word): return String(word.dropFirst(flag.count + 1))
            case .separate(_, _, let value): return value
            case .bare: return "true"
            case .script(let value): return value
            case .absent: return nil
            }
        case .environment(let name, let variable):
            guard let container = try? container(name) else { return nil }  // Told where a patch is asked for.
            return container.variables.last { $0.text("name") == variable }?["value"]?.scalarText
        case .resource(let name, let resource):
            guard let container = try? container(name) else { return nil }  // Told where a patch is asked for.
            let resources = container.document["resources"]
            return (resources?["limits"]?[resource] ?? resources?["requests"]?[resource])?.scalarText
        case .configMapKey(let name, let key): return configMap(name)?["data"]?[key]?.scalarText
        case .parameter: return nil
        case .field(let pointer): return document.value(at: pointer).flatMap { $0.isScalar ? $0.scalarText : nil }
        }
    }
}

extension Knob {
    /// Whether it is on or off.
    var isSwitch: Bool {
        func isFlag(_ value: KnobValue?) -> Bool { if case .flag = value { true } else { false } }
        guard case .values(let values) = domain else { return false }
        return isFlag(assumed) || values.contains(where: isFlag)
    }
}
