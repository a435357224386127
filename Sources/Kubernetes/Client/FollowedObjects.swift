/// A collection as it is and as it changes. Read by one task, once.
///
/// It throws what a list throws after its own repetitions, and what a watch throws but for `gone`, which is answered by a new list.
public struct FollowedObjects: AsyncSequence, Sendable {
    public typealias Element = FollowedEvent
    public typealias Failure = KubernetesError

    let client: KubernetesClient
    let path: String
    let selection: ObjectSelection

    public func makeAsyncIterator() -> Iterator { Iterator(objects: self) }

    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private let objects: FollowedObjects
        private var watch: ObjectWatch.Iterator?

        init(objects: FollowedObjects) { self.objects = objects }

        public mutating func next() async throws(KubernetesError) -> FollowedEvent? {
            do {
                if let event = try await watch?.next() { return .changed(event) }
            } catch {
                guard case .gone = error.kind else { throw error }
            }
            let list = try await objects.client.list(objects.path, objects.selection)
            watch = objects.client.watch(objects.path, from: list.resourceVersion, objects.selection).makeAsyncIterator()
            return .listed(list)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(KubernetesError) -> FollowedEvent? {
            try await next()
        }
    }
}
