import Control
import Documents

/// A JSON patch that the API server refuses unless the object is the one, and in the version, that it was written for.
struct GuardedPatch {
    /// Path of the API.
    let path: String
    /// `Kind namespace/name`, for messages.
    let title: String
    let resourceVersion: String
    private(set) var body: DocumentValue
    /// Whether it sets the knob's value, rather than annotations about it.
    private(set) var changesValue: Bool

    /// - Parameter object: As it was read; what lacks a resourceVersion or UID cannot be guarded.
    init(_ object: DocumentValue, at path: String, _ steps: [DocumentValue], changesValue: Bool = false) throws(AdjusterError) {
        guard let version = object.text("metadata", "resourceVersion"), let uid = object.text("metadata", "uid") else {
            throw .unreachable(
                "the answer for \(object.objectTitle) lacks metadata.resourceVersion or metadata.uid, so no change of it can be guarded")
        }
        let guards: [PatchStep] = [
            .test("/metadata/uid", .string(uid)), .test("/metadata/resourceVersion", .string(version)),
        ]
        self.path = path
        title = object.objectTitle
        resourceVersion = version
        body = .array(guards.map(\.document) + steps)
        self.changesValue = changesValue
    }

    init(_ object: DocumentValue, at path: String, _ steps: [PatchStep], changesValue: Bool = false) throws(AdjusterError) {
        try self.init(object, at: path, steps.map(\.document), changesValue: changesValue)
    }

    /// The same patch with more steps after its own.
    func adding(_ steps: [PatchStep], changesValue: Bool = false) -> GuardedPatch {
        var patch = self
        patch.body = .array(body.elements + steps.map(\.document))
        patch.changesValue = self.changesValue || changesValue
        return patch
    }
}
