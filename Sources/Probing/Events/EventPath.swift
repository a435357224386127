/// The way to a place in a JSON document: keys between dots, `[*]` for every element of a list, such as `choices[*].delta.content`.
struct EventPath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case key(String)
        case each
    }

    let steps: [Step]

    /// Steps of a path, at most.
    static let maximumSteps = 16

    init(_ text: String) throws(MalformedPath) {
        var steps: [Step] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            var key = part
            var lists = 0
            while key.hasSuffix("[*]") {
                key = key.dropLast(3)
                lists += 1
            }
            guard !key.contains(where: { "[]*".contains($0) }) else {
                throw MalformedPath(path: text, reason: "of a list only all elements, [*], can be asked for")
            }
            // A list at the root has no key.
            guard !key.isEmpty || (steps.isEmpty && lists > 0) else {
                throw MalformedPath(path: text, reason: "a key between the dots is missing")
            }
            if !key.isEmpty { steps.append(.key(String(key))) }
            steps += Array(repeating: .each, count: lists)
        }
        guard steps.count <= Self.maximumSteps else {
            throw MalformedPath(path: text, reason: "it has more than \(Self.maximumSteps) steps")
        }
        self.steps = steps
    }
}

/// A path that leads nowhere.
struct MalformedPath: Error, Sendable, Hashable, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "the path '\(path)' cannot be followed: \(reason); write it as in choices[*].delta.content" }
}
