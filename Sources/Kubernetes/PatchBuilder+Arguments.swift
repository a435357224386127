import Control
import Documents
import Learning
import Policies

extension PatchBuilder {
    /// A flag where it stands, in the form it has there.
    func argument(
        _ flag: String, of name: String, _ candidate: Candidate, _ knob: Knob, _ writer: RequestWriter
    ) throws(NoPatch) -> Pair {
        guard let manifest else { throw needsManifest("the position of \(flag) among the arguments is not known") }
        let container = try manifest.container(name)
        let new = candidate.to.description
        switch container.command.place(of: flag, isSwitch: knob.isSwitch) {
        case .joined(let list, let index, let word):
            let pointer = "\(container.pointer)/\(list.rawValue)/\(index)"
            return exchange(pointer, .string(word), .string("\(flag)=\(new)"), writer.workload)
        case .separate(let list, let index, let value):
            let guardian = PatchStep.test("\(container.pointer)/\(list.rawValue)/\(index)", .string(flag))
            let pointer = "\(container.pointer)/\(list.rawValue)/\(index + 1)"
            return exchange(pointer, .string(value), .string(new)) { writer.workload([guardian] + $0) }
        case .bare(let list, let index):
            guard candidate.to == .flag(false) else {
                throw NoPatch("\(flag) stands without a value, which \(new) cannot take the place of")
            }
            return try withoutWord(at: index, of: list, container, writer)
        case .script:
            throw NoPatch(
                "container '\(name)' runs a shell script, inside of which no patch can change \(flag) exactly; "
                    + "give the engine its flags as a list (args: [...]) or through an environment variable")
        case .absent: return try withFlag(flag, candidate.to, container, name, writer)
        }
    }

    /// A switch is turned off by taking its word away.
    private func withoutWord(
        at index: Int, of list: ContainerCommand.List, _ container: Manifest.Container, _ writer: RequestWriter
    ) throws(NoPatch) -> Pair {
        let pointer = "\(container.pointer)/\(list.rawValue)"
        var words = container.command.words(list)
        let word = DocumentValue.string(words.remove(at: index))
        guard !words.isEmpty else {  // An empty list is dropped by the API server, and the image's own arguments would come back.
            throw NoPatch("\(word.scalarText) is all that the list holds; without it the image's own arguments would take its place")
        }
        // Taken back into the same place, and only where the list is as this change left it.
        let left = PatchStep.test(pointer, .array(words.map { .string($0) }))
        return Pair(
            apply: writer.workload([.test("\(pointer)/\(index)", word), .remove("\(pointer)/\(index)")]),
            undo: writer.workload([left, .add("\(pointer)/\(index)", word)]))
    }

    /// A flag that was left to the engine's default is added at the end, and taken away again.
    private func withFlag(
        _ flag: String, _ value: KnobValue, _ container: Manifest.Container, _ name: String, _ writer: RequestWriter
    ) throws(NoPatch) -> Pair {
        guard value != .flag(false) else {
            throw NoPatch("\(flag) is not given, so it is on by the engine's own default; name the flag that turns it off")
        }
        let word = DocumentValue.string(value == .flag(true) ? flag : "\(flag)=\(value)")
        let list = "\(container.pointer)/args"
        if let count = container.command.arguments?.count {
            let place = "\(list)/\(count)"
            return Pair(apply: writer.workload([.add("\(list)/-", word)]), undo: writer.workload([.test(place, word), .remove(place)]))
        }
        guard container.command.command != nil else {
            throw NoPatch(
                "container '\(name)' has neither command nor args, and giving it some would replace those of its image; "
                    + "write them out in the manifest first")
        }
        let before = container.document["args"].map { PatchStep.replace(list, $0) } ?? .remove(list)
        return Pair(apply: writer.workload([.add(list, .array([word]))]), undo: writer.workload([.test(list, .array([word])), before]))
    }
}
