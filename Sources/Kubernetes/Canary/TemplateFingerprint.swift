import Documents
import Policies

/// A short text that differs where two pod templates do, whatever a knob's own setting in them is.
///
/// By it somebody else's change of a target shows while our own does not. It guards against accidents, not against forgery.
struct TemplateFingerprint {
    let text: String

    /// - Parameter object: A workload with a pod template.
    init(of object: DocumentValue, ignoring knob: Knob) {
        let template = (object["spec"]?["template"] ?? .null).without(knob)
        // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
        let hash = template.canonical.json.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        text = String(hash, radix: 16)
    }
}

extension DocumentValue {
    /// A pod template without what a knob sets in it; with everything else.
    fileprivate func without(_ knob: Knob) -> DocumentValue {
        switch knob.place {
        case .containerArgument(let name, let flag): changingContainer(name) { $0.withoutFlag(flag, isSwitch: knob.isSwitch) }
        case .environment(let name, let variable):
            changingContainer(name) { container in
                container.keeping("env", (container["env"]?.elements ?? []).filter { $0.text("name") != variable })
            }
        case .resource(let name, let resource):
            changingContainer(name) { container in
                let rest = ["limits", "requests"].reduce(container["resources"] ?? .object([])) { resources, kind in
                    let left = (resources[kind] ?? .object([])).setting(resource, to: nil)
                    return resources.setting(kind, to: left.members.isEmpty ? nil : left)
                }
                return container.setting("resources", to: rest.members.isEmpty ? nil : rest)
            }
        case .field(let pointer):
            pointer.hasPrefix(Self.templatePointer) ? removing(pointer.dropFirst(Self.templatePointer.count).split(separator: "/")) : self
        case .replicas, .configMapKey, .parameter: self
        }
    }

    static var templatePointer: String { "/spec/template/" }

    private func changingContainer(_ name: String, _ change: (DocumentValue) -> DocumentValue) -> DocumentValue {
        guard let spec = self["spec"], let containers = spec["containers"] else { return self }
        let changed = containers.elements.map { $0.text("name") == name ? change($0) : $0 }
        return setting("spec", to: spec.setting("containers", to: .array(changed)))
    }

    private func withoutFlag(_ flag: String, isSwitch: Bool) -> DocumentValue {
        let command = ContainerCommand(self)
        func keeping(_ list: ContainerCommand.List, without range: Range<Int>) -> DocumentValue {
            var words = command.words(list)
            words.removeSubrange(range)
            return self.keeping(list.rawValue, words.map { .string($0) })
        }
        switch command.place(of: flag, isSwitch: isSwitch) {
        case .joined(let list, let index, _), .bare(let list, let index): return keeping(list, without: index..<index + 1)
        case .separate(let list, let index, _): return keeping(list, without: index..<index + 2)
        case .script, .absent: return self
        }
    }

    /// A list that is empty is none.
    private func keeping(_ key: String, _ elements: [DocumentValue]) -> DocumentValue {
        setting(key, to: elements.isEmpty ? nil : .array(elements))
    }

    private func removing(_ path: [Substring]) -> DocumentValue {
        guard let first = path.first else { return self }
        let key = String(first).replacing("~1", with: "/").replacing("~0", with: "~")
        if case .array(let elements) = self {
            guard let index = Int(key), elements.indices.contains(index) else { return self }
            return .array(
                elements.enumerated().compactMap { position, element in
                    position != index ? element : path.count == 1 ? nil : element.removing(Array(path.dropFirst()))
                })
        }
        guard let member = self[key] else { return self }
        return setting(key, to: path.count == 1 ? nil : member.removing(Array(path.dropFirst())))
    }
}
