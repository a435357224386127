import Documents
import Policies

extension FormerSetting {
    /// The steps that put back what was, each guarded by a test of what is there now. Places are found by name in the object as it is, so
    /// that what others added or removed beside them does no harm.
    /// - Parameter manifest: The object that holds the knob's place as it is now.
    func restore(_ knob: Knob, in manifest: Manifest) throws(NoPatch) -> [PatchStep] {
        switch knob.place {
        case .replicas: throw NoPatch("replicas are changed through the scale subresource")
        case .containerArgument(let name, let flag): return argument(flag, knob.isSwitch, try manifest.container(name))
        case .environment(let name, let variable): return self.variable(variable, try manifest.container(name))
        case .resource(let name, let resource): return self.resource(resource, try manifest.container(name))
        case .configMapKey(_, let key):
            return entry(of: manifest.document["data"], at: "/data", key: key)
        case .parameter: throw NoPatch("a parameter of a command has no place in a workload")
        case .field(let pointer): return exchange(manifest.document.value(at: pointer), value, at: pointer)
        }
    }

    private func argument(_ flag: String, _ isSwitch: Bool, _ container: Manifest.Container) -> [PatchStep] {
        let former = (value?.elements ?? []).map(\.scalarText)
        let command = container.command
        var place = (list: list, range: min(index, command.words(list).count)..<min(index, command.words(list).count))
        switch command.place(of: flag, isSwitch: isSwitch) {
        case .joined(let list, let index, _), .bare(let list, let index): place = (list, index..<index + 1)
        case .separate(let list, let index, _): place = (list, index..<index + 2)
        case .script, .absent: break
        }
        var words = command.words(place.list)
        words.replaceSubrange(place.range, with: former)
        let pointer = "\(container.pointer)/\(place.list.rawValue)"
        let new = words.isEmpty && isBare ? nil : DocumentValue.array(words.map { .string($0) })
        return exchange(container.document[place.list.rawValue], new, at: pointer)
    }

    private func variable(_ name: String, _ container: Manifest.Container) -> [PatchStep] {
        let pointer = "\(container.pointer)/env"
        guard let index = container.variables.lastIndex(where: { $0.text("name") == name }) else {
            guard let value else { return [] }
            return container.variables.isEmpty ? [.add(pointer, .array([value]))] : [.add("\(pointer)/-", value)]
        }
        if value == nil, isBare, container.variables.count == 1 { return exchange(container.document["env"], nil, at: pointer) }
        return exchange(container.variables[index], value, at: "\(pointer)/\(index)")
    }

    private func resource(_ name: String, _ container: Manifest.Container) -> [PatchStep] {
        var resources = container.document["resources"] ?? .object([])
        for kind in ["limits", "requests"] {
            let map = (resources[kind] ?? .object([])).setting(name, to: value?[kind])
            resources = resources.setting(kind, to: map.members.isEmpty ? nil : map)
        }
        let new = resources.members.isEmpty && isBare ? nil : resources
        return exchange(container.document["resources"], new, at: "\(container.pointer)/resources")
    }

    private func entry(of parent: DocumentValue?, at pointer: String, key: String) -> [PatchStep] {
        if value == nil, isBare, parent?.members.count == 1 { return exchange(parent, nil, at: pointer) }
        if parent == nil { return value.map { [.add(pointer, .object([.init(key: key, value: $0)]))] } ?? [] }
        return exchange(parent?[key], value, at: "\(pointer)/\(key.pointerPart)")
    }

    private func exchange(_ old: DocumentValue?, _ new: DocumentValue?, at pointer: String) -> [PatchStep] {
        switch (old, new) {
        case (nil, nil): []
        case (nil, let new?): [.add(pointer, new)]
        case (let old?, nil): [.test(pointer, old), .remove(pointer)]
        case (let old?, let new?): old == new ? [] : [.test(pointer, old), .replace(pointer, new)]
        }
    }
}

extension DocumentValue {
    /// The same object with a member set where it stands, added at the end, or taken away.
    func setting(_ key: String, to value: DocumentValue?) -> DocumentValue {
        guard let value else { return .object(members.filter { $0.key != key }) }
        guard self[key] != nil else { return .object(members + [Member(key: key, value: value)]) }
        return .object(members.map { $0.key == key ? Member(key: key, value: value) : $0 })
    }
}
