import Documents

/// How many pods may be missing at a time, by the PodDisruptionBudgets that select them.
struct DisruptionAllowance {
    /// The strictest budget and what it allows; `nil` where no budget selects the pods.
    let strictest: (budget: String, pods: Int)?

    /// - Parameters:
    ///   - labels: Of the pods.
    ///   - replicas: Pods there are when none is missing.
    init(_ budgets: [DocumentValue], labels: DocumentValue?, replicas: Int) {
        let found = budgets.filter { LabelMatch.selects($0["spec"]?["selector"], labels) }
            .map { (budget: $0.objectTitle(ofKind: "PodDisruptionBudget"), pods: Self.allowance(of: $0["spec"], replicas: replicas)) }
        strictest = found.min { $0.pods < $1.pods }
    }

    /// Shares are rounded up, as the disruption controller does.
    private static func allowance(of spec: DocumentValue?, replicas: Int) -> Int {
        if let most = count(spec?["maxUnavailable"], of: replicas) { return most }
        return replicas - (count(spec?["minAvailable"], of: replicas) ?? 0)
    }

    private static func count(_ value: DocumentValue?, of replicas: Int) -> Int? {
        if let number = value?.integer { return Int(clamping: number) }
        guard let text = value?.text, text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) else {
            return nil
        }
        return Int((Double(replicas) * percent / 100).rounded(.up))
    }
}

/// Whether a label selector selects an object by its labels.
enum LabelMatch {
    /// An empty selector selects everything; an absent one nothing, as in `policy/v1`.
    static func selects(_ selector: DocumentValue?, _ labels: DocumentValue?) -> Bool {
        guard let selector, !selector.isNull else { return false }
        func label(_ key: String?) -> String? { key.flatMap { labels?[$0]?.text } }
        return (selector["matchLabels"]?.members ?? []).allSatisfy { label($0.key) == $0.value.text }
            && (selector["matchExpressions"]?.elements ?? []).allSatisfy { expression in
                let value = label(expression.text("key"))
                let values = (expression["values"]?.elements ?? []).map(\.text)
                switch expression.text("operator") {
                case "In": return value != nil && values.contains(value)
                case "NotIn": return !values.contains(value)
                case "Exists": return value != nil
                case "DoesNotExist": return value == nil
                default: return true  // An operator of a later version: better one budget too many.
                }
            }
    }
}

extension DocumentValue {
    /// `Kind namespace/name` of an item of a list, which does not tell its kind.
    func objectTitle(ofKind kind: String) -> String { "\(kind) \(foreignText("metadata", "namespace"))/\(foreignText("metadata", "name"))" }
}
