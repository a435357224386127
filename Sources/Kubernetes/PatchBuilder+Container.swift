import Control
import Documents
import Learning
import Policies

extension PatchBuilder {
    // MARK: Environment variables

    /// A variable, found by its name: by a strategic merge where the API has one, else at its position.
    func variable(_ name: String, of containerName: String, _ candidate: Candidate, _ writer: RequestWriter) throws(NoPatch) -> Pair {
        let new = DocumentValue.members(["name": .string(name), "value": .string(candidate.to.description)])
        guard let manifest else {
            guard writer.hasStrategicMerge else { throw needsManifest("the position of \(name) among the variables is not known") }
            let old = DocumentValue.members(["name": .string(name), "value": .string(candidate.from.description)])
            return variables(new, old, of: containerName, writer)
        }
        let container = try manifest.container(containerName)
        let index = container.variables.lastIndex { $0.text("name") == name }
        if let index, container.variables[index]["valueFrom"] != nil {
            throw NoPatch("variable \(name) of container '\(containerName)' takes its value from elsewhere (valueFrom); change it there")
        }
        guard writer.hasStrategicMerge else { return positioned(new, at: index, container, writer) }
        let undo: DocumentValue =
            if let index {
                .members(["name": .string(name), "value": container.variables[index]["value"] ?? .null])
            } else {
                .members(["$patch": .string("delete"), "name": .string(name)])
            }
        return variables(new, undo, of: containerName, writer)
    }

    private func variables(_ new: DocumentValue, _ old: DocumentValue, of container: String, _ writer: RequestWriter) -> Pair {
        Pair(apply: writer.container(container, ["env": .array([new])]), undo: writer.container(container, ["env": .array([old])]))
    }

    private func positioned(_ new: DocumentValue, at index: Int?, _ container: Manifest.Container, _ writer: RequestWriter) -> Pair {
        let list = "\(container.pointer)/env"
        if let index { return exchange("\(list)/\(index)", container.variables[index], new, writer.workload) }
        let count = container.variables.count
        guard count > 0 else {
            let before = container.document["env"].map { PatchStep.replace(list, $0) } ?? .remove(list)
            return Pair(apply: writer.workload([.add(list, .array([new]))]), undo: writer.workload([.test(list, .array([new])), before]))
        }
        let place = "\(list)/\(count)"
        return Pair(apply: writer.workload([.add("\(list)/-", new)]), undo: writer.workload([.test(place, new), .remove(place)]))
    }

    // MARK: Resources

    /// A resource's request and limit, whichever of the two the manifest has.
    func resource(_ name: String, of containerName: String, _ candidate: Candidate, _ writer: RequestWriter) throws(NoPatch) -> Pair {
        let new = DocumentValue.string(candidate.to.description)
        guard let manifest else { throw needsManifest("requests and limits of \(name) are not known apart") }
        let container = try manifest.container(containerName)
        let known = ["limits", "requests"].map { ($0, container.document["resources"]?[$0]?[name]) }
        let present = known.filter { $0.1 != nil }
        // Where neither is set both are: device plugins take limits, and requests follow them.
        let changed = present.isEmpty ? known : present
        guard writer.hasStrategicMerge else {
            return positioned(name, present.compactMap { kind, old in old.map { (kind, $0) } }, new, container, writer)
        }
        return Pair(
            apply: resources(name, changed.map { ($0.0, new) }, of: containerName, writer),
            undo: resources(name, changed.map { ($0.0, $0.1 ?? .null) }, of: containerName, writer))
    }

    private func resources(
        _ name: String, _ values: [(kind: String, value: DocumentValue)], of container: String, _ writer: RequestWriter
    ) -> PatchRequest {
        let members = values.map { DocumentValue.Member(key: $0.kind, value: .object([.init(key: name, value: $0.value)])) }
        return writer.container(container, ["resources": .object(members)])
    }

    /// Where neither request nor limit is set both are.
    private func newResource(_ name: String, _ new: DocumentValue, _ container: Manifest.Container, _ writer: RequestWriter) -> Pair {
        let pointer = "\(container.pointer)/resources"
        let old = container.document["resources"]
        let both = ["limits", "requests"].reduce(old ?? .object([])) { resources, kind in
            resources.setting(kind, to: (resources[kind] ?? .object([])).setting(name, to: new))
        }
        guard let old else {
            return Pair(apply: writer.workload([.add(pointer, both)]), undo: writer.workload([.test(pointer, both), .remove(pointer)]))
        }
        return exchange(pointer, old, both, writer.workload)
    }

    private func positioned(
        _ name: String, _ present: [(kind: String, old: DocumentValue)], _ new: DocumentValue, _ container: Manifest.Container,
        _ writer: RequestWriter
    ) -> Pair {
        guard !present.isEmpty else { return newResource(name, new, container, writer) }
        let pairs = present.map { kind, old in
            (pointer: "\(container.pointer)/resources/\(kind)/\(name.pointerPart)", old: old)
        }
        return Pair(
            apply: writer.workload(pairs.map { .test($0.pointer, $0.old) } + pairs.map { .replace($0.pointer, new) }),
            undo: writer.workload(pairs.map { .test($0.pointer, new) } + pairs.map { .replace($0.pointer, $0.old) }))
    }
}
