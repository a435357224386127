import Control
import Documents
import FoundationEssentials
import Policies

/// What a target bears of an adjustment that is not finished, and what stood there before.
struct TargetMark: Hashable {
    var mark: AdjustmentMark
    var former: FormerSetting?

    /// The annotation, on the target and never on its pods, that holds a mark as JSON.
    static let annotation = "llm-devops.io/adjustment"
    /// What a mark may measure; all annotations of an object together may have 256 KiB.
    static let mostBytes = 64 << 10

    init(_ order: ChangeOrder, former: FormerSetting?) {
        mark = AdjustmentMark(
            adjustment: order.adjustment, policy: order.policy, knob: order.knob.name, from: order.from, to: order.to)
        self.former = former
    }

    /// - Parameter object: The target; `nil` results where it bears no mark, or one that nobody of ours wrote.
    init?(on object: DocumentValue) {
        guard let text = object.annotation(Self.annotation), text.utf8.count <= Self.mostBytes,
            let document = try? JSONDocument.parse(text),  // What is no mark is none.
            let id = document.text("id").flatMap(UUID.init(uuidString:)), let policy = document.text("policy"),
            let knob = document.text("knob"), let from = document["from"].flatMap(KnobValue.init(document:)),
            let to = document["to"].flatMap(KnobValue.init(document:))
        else { return nil }
        mark = AdjustmentMark(adjustment: id, policy: policy, knob: knob, from: from, to: to)
        former = document["was"].map { FormerSetting($0) }
    }

    /// - Throws: `NoPatch` where the former setting is too large to be kept on the target.
    func text() throws(NoPatch) -> String {
        var members: [DocumentValue.Member] = [
            .init(key: "id", value: .string(mark.adjustment.uuidString.lowercased())), .init(key: "policy", value: .string(mark.policy)),
            .init(key: "knob", value: .string(mark.knob)), .init(key: "from", value: mark.from.document),
            .init(key: "to", value: mark.to.document),
        ]
        if let former { members.append(.init(key: "was", value: former.document)) }
        let text = DocumentValue.object(members).json
        guard text.utf8.count <= Self.mostBytes else {
            throw NoPatch(
                "the former setting of '\(mark.knob)' is too large to be kept in the annotation \(Self.annotation) "
                    + "(\(text.utf8.count) bytes of at most \(Self.mostBytes)), so it could not be taken back exactly")
        }
        return text
    }
}

/// The term of leadership that last wrote to an object.
enum TargetFence {
    /// The annotation that holds it, as a decimal number.
    static let annotation = "llm-devops.io/fence"

    /// - Returns: 0 for an object without a fence.
    /// - Throws: `.refused` for a fence that is no number: whose turn it is cannot be told then.
    static func term(on object: DocumentValue) throws(AdjusterError) -> FencingToken {
        guard let text = object.annotation(annotation) else { return FencingToken(rawValue: 0) }
        guard let number = Int64(text), number >= 0 else {
            throw .refused(
                "the annotation \(annotation) of \(object.objectTitle) holds '\(DocumentValue.string(text).foreignText())', which is no term "
                    + "of leadership; remove the annotation")
        }
        return FencingToken(rawValue: number)
    }

    /// - Throws: `.fenced` where a newer leader has written to the object. A token of 0 is not fenced.
    static func check(_ token: FencingToken, on object: DocumentValue) throws(AdjusterError) {
        guard token.rawValue != 0 else { return }
        let term = try term(on: object)
        guard term <= token else {
            throw .fenced("\(object.objectTitle) was written to in term \(term.rawValue), and this controller's is \(token.rawValue)")
        }
    }
}

/// The steps that set and remove annotations of an object.
struct AnnotationSteps {
    /// `/metadata` or, for those of pods, `/spec/template/metadata`.
    let pointer: String
    private let present: DocumentValue?
    private let metadata: DocumentValue?

    init(_ object: DocumentValue, at pointer: String = "/metadata") {
        self.pointer = pointer
        metadata = object.value(at: pointer)
        present = metadata?["annotations"]
    }

    /// - Parameter values: `nil` takes an annotation away.
    func setting(_ values: [(name: String, value: String?)]) -> [PatchStep] {
        let changed = values.filter { present?[$0.name]?.text != $0.value }
        guard !changed.isEmpty else { return [] }
        let new = changed.compactMap { name, value in value.map { DocumentValue.Member(key: name, value: .string($0)) } }
        if metadata == nil { return new.isEmpty ? [] : [.add(pointer, .members(["annotations": .object(new)]))] }
        guard let present, !present.isNull else { return new.isEmpty ? [] : [.add("\(pointer)/annotations", .object(new))] }
        let removed = Set(changed.filter { $0.value == nil }.map(\.name))
        if new.isEmpty, present.members.allSatisfy({ removed.contains($0.key) }) { return [.remove("\(pointer)/annotations")] }
        return changed.map { name, value in
            let place = "\(pointer)/annotations/\(name.pointerPart)"
            return value.map { .add(place, .string($0)) } ?? .remove(place)
        }
    }
}

extension KnobValue {
    /// A scalar of a document; `nil` for everything else.
    init?(document: DocumentValue) {
        switch document {
        case .integer(let number): self = .integer(Int(number))
        case .double(let number): self = .number(number)
        case .string(let text): self = .text(text)
        case .boolean(let flag): self = .flag(flag)
        case .null, .array, .object: return nil
        }
    }
}
