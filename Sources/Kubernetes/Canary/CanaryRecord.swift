import Control
import Documents
import FoundationEssentials
import Policies

/// What a target bears of a canary: the mark, and what this controller has made of the target so far, by which somebody else's doing shows.
struct CanaryRecord: Hashable {
    var mark: CanaryMark
    /// `spec.replicas` of the target as this controller last left it.
    var replicasLeft: Int
    /// Fingerprint of the target's pod template without the knob's own setting.
    var template: String

    /// The annotation, on the target and on the Deployments of its groups, that holds a record as JSON.
    static let annotation = "llm-devops.io/canary"
    static let mostBytes = 16 << 10

    /// What the target keeps while both groups are there.
    var replicasBeside: Int { mark.replicas - 2 * mark.podsPerGroup }

    init(_ order: CanaryOrder, replicas: Int, template: String) {
        let change = order.change
        mark = CanaryMark(
            experiment: change.adjustment, policy: change.policy, knob: change.knob.name, from: change.from, to: change.to,
            podsPerGroup: order.podsPerGroup, replicas: replicas)
        replicasLeft = replicas
        self.template = template
    }

    /// - Parameter object: `nil` results where it bears no record, or one that no controller of ours can have written.
    init?(on object: DocumentValue) {
        guard let text = object.annotation(Self.annotation), text.utf8.count <= Self.mostBytes,
            let document = try? JSONDocument.parse(text),  // What is no record is none.
            let id = document.text("id").flatMap(UUID.init(uuidString:)), let policy = document.text("policy"),
            let knob = document.text("knob"), let from = document["from"].flatMap(KnobValue.init(document:)),
            let to = document["to"].flatMap(KnobValue.init(document:)), let pods = document.count("pods"),
            let replicas = document.count("replicas"), let left = document.count("left"), let template = document.text("template"),
            let stage = document.text("stage").flatMap(CanaryStage.init), pods >= 1, CanaryOrder.podsPerGroup(of: replicas) ?? 0 >= pods
        else { return nil }
        mark = CanaryMark(
            experiment: id, policy: policy, knob: knob, from: from, to: to, podsPerGroup: pods, replicas: replicas, stage: stage,
            keepsChange: document["keeps"]?.boolean ?? false)
        replicasLeft = left
        self.template = template
    }

    var text: String {
        DocumentValue.members([
            "id": .string(mark.experiment.text), "policy": .string(mark.policy), "knob": .string(mark.knob), "from": mark.from.document,
            "to": mark.to.document, "pods": .integer(Int64(mark.podsPerGroup)), "replicas": .integer(Int64(mark.replicas)),
            "left": .integer(Int64(replicasLeft)), "template": .string(template), "stage": .string(mark.stage.rawValue),
            "keeps": .boolean(mark.keepsChange),
        ]).json
    }

    /// Whether an order is about the same experiment.
    func isOf(_ order: CanaryOrder) -> Bool { mark.experiment == order.change.adjustment }

    func with(_ stage: CanaryStage, replicasLeft: Int? = nil) -> CanaryRecord {
        var record = self
        record.mark.stage = stage
        if stage == .promoted { record.mark.keepsChange = true }
        record.replicasLeft = replicasLeft ?? self.replicasLeft
        return record
    }
}

extension DocumentValue {
    /// A count of replicas that could be one.
    fileprivate func count(_ name: String) -> Int? {
        integer(name).flatMap { (0...1_000_000).contains($0) ? Int($0) : nil }
    }
}
