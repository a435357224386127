/// Why no exact patch can be given, with the cure.
public struct NoPatch: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
