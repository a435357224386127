/// Why access to a cluster could not be set up: the place, what is wrong there, and the cure. Holds no secrets.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file and its entry, e.g. `/home/ada/.kube/config: user 'ada'`.
    public let place: String
    public let problem: String
    public let cure: String

    init(_ place: String, _ problem: String, cure: String) {
        self.place = place
        self.problem = problem
        self.cure = cure
    }

    public var description: String { "\(place): \(problem); \(cure)" }
}
