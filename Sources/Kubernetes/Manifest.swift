public import Control
public import Documents
public import Policies

/// A workload as its manifest describes it: where its settings are and what they are.
public struct Manifest: Sendable, Hashable {
    private let document: DocumentValue

    /// - Throws: `NoPatch` where the document is no workload with a pod template.
    public init(_ document: DocumentValue) throws(NoPatch) {
        guard document["spec"]?["template"]?["spec"]?["containers"]?.elements.isEmpty == false else {
            let kind = document.text("kind") ?? document.kindName
            throw NoPatch("expected the manifest of a Deployment or StatefulSet with spec.template.spec.containers, found \(kind)")
        }
        self.document = document
    }

    /// What the manifest says of a policy's knobs; one it does not mention is left out, so that the policy's `default` holds.
    public func state(of policy: Policy) -> TargetState {
        var state = TargetState()
        for knob in policy.knobs {
            guard let text = text(at: knob.place) else { continue }
            state.values[knob.name] = KnobState(KnobValue(plain: text), origin: .manifest)
        }
        return state
    }

    /// Whether this is the workload a policy is about.
    public func isManifest(of target: Policy.KubernetesTarget) -> Bool {
        document.text("kind") == target.kind && document.text("metadata", "name") == target.name
    }

    /// `Kind name`, for messages.
    public var title: String { "\(document.text("kind") ?? "?") \(document.text("metadata", "name") ?? "?")" }

    enum Argument: Hashable {
        /// `--flag=value` at this position.
        case joined(index: Int, text: String)
        /// `--flag` at this position and its value behind it.
        case separate(index: Int, value: String)
        case absent(hasList: Bool)
    }

    var containers: [DocumentValue] { document["spec"]?["template"]?["spec"]?["containers"]?.elements ?? [] }

    var containerNames: [String] { containers.compactMap { $0.text("name") } }

    func containerIndex(_ name: String) -> Int? { containers.firstIndex { $0.text("name") == name } }

    func arguments(ofContainer index: Int) -> [String] { containers[index]["args"]?.elements.map(\.scalarText) ?? [] }

    func argument(_ flag: String, ofContainer index: Int) -> Argument {
        let arguments = arguments(ofContainer: index)
        // An engine takes the last of several; so do we.
        for position in arguments.indices.reversed() {
            if arguments[position].hasPrefix(flag + "=") { return .joined(index: position, text: arguments[position]) }
            if arguments[position] == flag, arguments.indices.contains(position + 1) {
                return .separate(index: position, value: arguments[position + 1])
            }
        }
        return .absent(hasList: containers[index]["args"] != nil)
    }

    func hasEnvironment(_ name: String, ofContainer index: Int) -> Bool {
        containers[index]["env"]?.elements.contains { $0.text("name") == name } ?? false
    }

    /// The manifest after an argument was set, so that the patch back can be written.
    func with(_ value: KnobValue, at place: Knob.Place) -> Manifest {
        guard case .containerArgument(let container, let flag) = place, let index = containerIndex(container) else { return self }
        var arguments = arguments(ofContainer: index)
        switch argument(flag, ofContainer: index) {
        case .joined(let position, _): arguments[position] = "\(flag)=\(value)"
        case .separate(let position, _): arguments[position + 1] = value.description
        case .absent: arguments.append("\(flag)=\(value)")
        }
        let path = ["spec", "template", "spec", "containers"]
        var list = containers
        list[index] = list[index].setting(["args"], to: .array(arguments.map { .string($0) }))
        return Manifest(unchecked: document.setting(path, to: .array(list)))
    }

    private init(unchecked document: DocumentValue) { self.document = document }

    private func text(at place: Knob.Place) -> String? {
        switch place {
        case .replicas: return document["spec"]?["replicas"]?.scalarText
        case .containerArgument(let container, let flag):
            guard let index = containerIndex(container) else { return nil }
            switch argument(flag, ofContainer: index) {
            case .joined(_, let text): return String(text.dropFirst(flag.count + 1))
            case .separate(_, let value): return value
            case .absent: return nil
            }
        case .environment(let container, let name):
            guard let index = containerIndex(container) else { return nil }
            return containers[index]["env"]?.elements.first { $0.text("name") == name }?["value"]?.scalarText
        case .resource(let container, let resource):
            guard let index = containerIndex(container) else { return nil }
            return containers[index]["resources"]?["limits"]?[resource]?.scalarText
        case .configMapKey: return nil
        case .field(let pointer): return document.value(at: pointer)?.scalarText
        }
    }
}

extension DocumentValue {
    /// A scalar as a manifest would hold it in quotes.
    var scalarText: String {
        switch self {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .double(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .null, .array, .object: ""
        }
    }

    /// The value a JSON pointer (RFC 6901) names.
    func value(at pointer: String) -> DocumentValue? {
        pointer.split(separator: "/").reduce(self) { value, part in
            let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            if let index = Int(key), value?.elements.indices.contains(index) == true { return value?.elements[index] }
            return value?[key]
        }
    }

    func setting(_ path: [String], to new: DocumentValue) -> DocumentValue {
        guard let key = path.first else { return new }
        var members = members
        let rest = Array(path.dropFirst())
        if let index = members.firstIndex(where: { $0.key == key }) {
            members[index] = Member(key: key, value: members[index].value.setting(rest, to: new))
        } else {
            members.append(Member(key: key, value: DocumentValue.object([]).setting(rest, to: new)))
        }
        return .object(members)
    }
}
