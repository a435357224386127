/// Where in an event of one kind is what. Made from paths such as `choices[*].delta.content`.
struct EventTable: Sendable, Hashable {
    /// A place on the way: its edges lie together in ``EventTable/edges``.
    struct Node: Sendable, Hashable {
        var field: EventField?
        /// Of a list: the place of its elements.
        var each = EventTable.nowhere
        var firstEdge = 0
        var edgeCount = 0
        /// Whether a member says that the object is reasoning.
        var hasReasoningMark = false
    }

    /// A key and the place it leads to.
    struct Edge: Sendable, Hashable {
        var nameStart: Int
        var nameCount: Int
        var node: Int
    }

    /// The place of what nothing is asked of.
    static let nowhere = -1
    static let root = 0

    private(set) var nodes: [Node] = []
    private(set) var edges: [Edge] = []
    private(set) var names: [UInt8] = []
    /// Nothing follows an event of this kind.
    var isEnd = false
    /// An event of this kind says that the request failed.
    var isError = false

    /// - Parameter fields: Of two for one path the last counts.
    init(_ fields: [(path: EventPath, field: EventField)], isEnd: Bool = false, isError: Bool = false) {
        self.isEnd = isEnd
        self.isError = isError
        var tree = Tree()
        for (path, field) in fields { tree.add(path.steps[...], field) }
        nodes.append(Node())
        lay(tree, at: Self.root)
    }

    /// A table of ours; a path that cannot be read traps.
    init(_ fields: KeyValuePairs<StaticString, EventField>, isEnd: Bool = false, isError: Bool = false) {
        let read = fields.map { text, field in
            do throws(MalformedPath) {
                return (path: try EventPath("\(text)"), field: field)
            } catch { preconditionFailure("\(error)") }
        }
        self.init(read, isEnd: isEnd, isError: isError)
    }

    /// An event that tells nothing.
    static let nothing = EventTable([] as [(path: EventPath, field: EventField)])

    /// Whether it asks for nothing.
    var isEmpty: Bool { edges.isEmpty && nodes[Self.root].field == nil && nodes[Self.root].each == Self.nowhere }

    private struct Tree {
        var field: EventField?
        var members: [(key: String, tree: Tree)] = []
        var each: [Tree] = []  // None or one.

        mutating func add(_ steps: ArraySlice<EventPath.Step>, _ field: EventField) {
            switch steps.first {
            case nil: self.field = field
            case .each?:
                if each.isEmpty { each = [Tree()] }
                each[0].add(steps.dropFirst(), field)
            case .key(let key)?:
                let index = members.firstIndex { $0.key == key } ?? members.count
                if index == members.count { members.append((key, Tree())) }
                members[index].tree.add(steps.dropFirst(), field)
            }
        }
    }

    private mutating func lay(_ tree: Tree, at node: Int) {
        nodes[node].field = tree.field
        nodes[node].firstEdge = edges.count
        nodes[node].edgeCount = tree.members.count
        nodes[node].hasReasoningMark = tree.members.contains { $0.tree.field == .isReasoning }
        for (key, _) in tree.members {
            edges.append(Edge(nameStart: names.count, nameCount: key.utf8.count, node: nodes.count))
            names += Array(key.utf8)
            nodes.append(Node())
        }
        let first = nodes[node].firstEdge
        for (offset, member) in tree.members.enumerated() { lay(member.tree, at: edges[first + offset].node) }
        if let element = tree.each.first {
            nodes[node].each = nodes.count
            nodes.append(Node())
            lay(element, at: nodes[node].each)
        }
    }
}
