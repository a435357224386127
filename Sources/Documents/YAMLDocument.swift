internal import Yams

/// Reads YAML into ``YAMLNode``s, within bounds.
///
/// Aliases never reach Yams: their `*` is exchanged for a character that makes them plain scalars, and they are resolved here, where the
/// expanded size is counted. A document whose aliases would expand to billions of nodes costs no more than its text.
public enum YAMLDocument {
    /// All documents of a stream, separated by `---`; empty ones are left out.
    ///
    /// - Throws: `DocumentError` with line and column: encoding, syntax, a key given twice, or a limit passed.
    public static func parseAll(_ text: String, limits: DocumentLimits = .yaml) throws -> [YAMLNode] {
        var text = text
        return try text.withUTF8 { try parseAll(UnsafeRawBufferPointer($0), limits: limits) }
    }

    /// - Parameter bytes: UTF-8 with or without a byte order mark, borrowed for the call.
    /// - Throws: `DocumentError` with line and column.
    public static func parseAll(_ bytes: UnsafeRawBufferPointer, limits: DocumentLimits = .yaml) throws -> [YAMLNode] {
        let source = try YAMLSource(bytes, limits: limits)
        do {
            let parser = try Parser(yaml: source.text, encoding: .utf8)
            var documents: [YAMLNode] = []
            while let root = try parser.nextRoot() {
                var builder = YAMLTreeBuilder(source: source, limits: limits)
                let node = try builder.node(root, depth: 0)
                if !node.isNull { documents.append(node) }
            }
            return documents
        } catch let error as YamlError {
            throw source.documentError(error)
        }
    }

    /// The only document of a stream; null for an empty one.
    ///
    /// - Throws: `DocumentError`, also where there is more than one document.
    public static func parse(_ bytes: UnsafeRawBufferPointer, limits: DocumentLimits = .yaml) throws -> YAMLNode {
        let documents = try parseAll(bytes, limits: limits)
        guard documents.count <= 1 else {
            throw DocumentError(.malformed, "expected one YAML document, found \(documents.count)", line: documents[1].mark.line, column: 1)
        }
        return documents.first ?? YAMLNode(mark: .init(line: 1, column: 1), content: .scalar("", .plain))
    }
}

/// Turns Yams' nodes into ours and resolves aliases, counting both.
private struct YAMLTreeBuilder {
    let source: YAMLSource
    let limits: DocumentLimits
    var nodeCount = 0
    var aliasCount = 0
    var anchors: [String: (node: YAMLNode, size: Int)] = [:]

    init(source: YAMLSource, limits: DocumentLimits) {
        self.source = source
        self.limits = limits
    }

    mutating func node(_ node: Node, depth: Int) throws -> YAMLNode {
        let mark = YAMLNode.Mark(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        guard depth < limits.depth else {
            throw error(.tooDeep, "expected at most \(limits.depth) levels of nesting, found more", mark)
        }
        let before = nodeCount
        try count(1, mark)
        let built: YAMLNode
        switch node {
        case .scalar(let scalar): built = try self.scalar(scalar, mark)
        case .sequence(let sequence):
            var elements: [YAMLNode] = []
            for element in sequence { elements.append(try self.node(element, depth: depth + 1)) }
            built = YAMLNode(mark: mark, content: .sequence(elements))
        case .mapping(let mapping): built = try self.mapping(mapping, mark, depth: depth)
        case .alias: throw error(.alias, "expected no alias here", mark)
        }
        if let anchor = node.anchor { anchors[anchor.rawValue] = (built, nodeCount - before) }
        return built
    }

    private mutating func scalar(_ scalar: Node.Scalar, _ mark: YAMLNode.Mark) throws -> YAMLNode {
        let isPlain = scalar.style == .plain && scalar.tag.description != Tag.Name.str.rawValue
        if scalar.style == .plain, scalar.string.unicodeScalars.first == source.aliasMarker {
            return try alias(String(scalar.string.unicodeScalars.dropFirst()), mark)
        }
        return YAMLNode(mark: mark, content: .scalar(source.restored(scalar.string), isPlain ? .plain : .quoted))
    }

    private mutating func alias(_ name: String, _ mark: YAMLNode.Mark) throws -> YAMLNode {
        aliasCount += 1
        guard aliasCount <= limits.aliases else {
            throw error(.alias, "expected at most \(limits.aliases) aliases in a document, found more", mark)
        }
        guard let anchor = anchors[name] else {
            throw error(.alias, "found the alias '*\(source.restored(name))' but no anchor of that name before it", mark)
        }
        try count(anchor.size, mark)
        return YAMLNode(mark: mark, content: anchor.node.content)
    }

    private mutating func mapping(_ mapping: Node.Mapping, _ mark: YAMLNode.Mark, depth: Int) throws -> YAMLNode {
        var entries: [YAMLNode.Entry] = []
        var seen: Set<String> = []
        for (key, value) in mapping {
            let keyNode = try node(key, depth: depth + 1)
            guard case .scalar(let name, _) = keyNode.content else {
                throw error(.malformed, "expected a text as a key, found \(keyNode.kindName)", keyNode.mark)
            }
            guard seen.insert(name).inserted else { throw error(.duplicateKey, "the key '\(name)' is given twice", keyNode.mark) }
            entries.append(.init(key: name, keyMark: keyNode.mark, value: try node(value, depth: depth + 1)))
        }
        return YAMLNode(mark: mark, content: .mapping(entries))
    }

    private mutating func count(_ nodes: Int, _ mark: YAMLNode.Mark) throws {
        nodeCount += nodes
        guard nodeCount <= limits.nodes else {
            throw error(.tooLarge, "expected at most \(limits.nodes) nodes with aliases expanded, found more", mark)
        }
    }

    private func error(_ kind: DocumentError.Kind, _ message: String, _ mark: YAMLNode.Mark) -> DocumentError {
        DocumentError(kind, message, line: mark.line, column: mark.column)
    }
}
