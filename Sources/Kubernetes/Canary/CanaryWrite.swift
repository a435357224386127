import Control
import Documents
import FoundationEssentials

/// One request that changes something of a canary.
enum CanaryWrite {
    case patch(GuardedPatch)
    /// A group's Deployment.
    case create(DocumentValue, in: String)
    /// The object as it was read; what has changed since is not deleted.
    case delete(DocumentValue, at: String)

    var title: String {
        switch self {
        case .patch(let patch): patch.title
        case .create(let object, _): object.objectTitle
        case .delete(let object, _): object.objectTitle(ofKind: "Deployment")
        }
    }

    /// What tells it from another attempt at the same on an object that has moved meanwhile.
    var version: String {
        switch self {
        case .patch(let patch): "\(patch.path) \(patch.resourceVersion)"
        case .create(let object, let path): "\(path) \(object.text("metadata", "name") ?? "")"
        case .delete(let object, let path): "\(path) \(object.text("metadata", "resourceVersion") ?? "")"
        }
    }
}

/// What is asked of a canary.
enum CanaryVerb {
    case prepare(CanaryOrder)
    case apply(CanaryOrder)
    case promote(CanaryOrder)
    case remove(UUID?)
}

/// Works out the next write towards what is asked, from everything as it is: what an interrupted attempt did is not done again.
protocol CanaryPlan {
    /// - Returns: `nil` where nothing is to be done now: it is done, or something has to happen by itself first.
    /// - Throws: `.changedByAnother` where somebody interferes, `.conflict` where it is not its turn, `.refused`, `.gone`.
    func next(_ verb: CanaryVerb) throws(AdjusterError) -> CanaryWrite?
}
