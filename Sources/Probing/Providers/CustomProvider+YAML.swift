public import Documents

extension CustomProvider {
    /// As a description says.
    /// - Parameter description: See ``CustomProvider``.
    /// - Throws: ``MalformedDescription`` with all its errors.
    public init(model: String, description: YAMLNode) throws(MalformedDescription) {
        var reader = DescriptionReader()
        let members = reader.members(description, of: "the description", known: ["path", "headers", "body", "answer", "whole"])
        let path = reader.text(members["path"]) ?? "/"
        if !path.hasPrefix("/") { reader.fail(members["path"], "a path begins with '/', found '\(path.prefix(60))'") }
        let headers = reader.headers(members["headers"])
        let body = reader.body(members["body"], at: description)
        let format = reader.format(answer: members["answer"], whole: members["whole"], at: description)
        guard reader.errors.isEmpty else { throw MalformedDescription(errors: reader.errors.sorted { $0.mark < $1.mark }) }
        self.init(model: model, path: path, headers: headers, body: body, format: format)
    }

    /// As a file says.
    /// - Parameter text: YAML.
    /// - Throws: ``MalformedDescription`` with all its errors.
    public init(model: String, yaml text: String) throws(MalformedDescription) {
        var text = text
        let node: YAMLNode
        do {
            node = try text.withUTF8 { try YAMLDocument.parse(UnsafeRawBufferPointer($0)) }
        } catch {
            let place = (error as? DocumentError).map { YAMLNode.Mark(line: $0.line ?? 1, column: $0.column ?? 1) }
            let reason = (error as? DocumentError)?.message ?? "\(error)"
            throw MalformedDescription(errors: [.init(mark: place ?? .init(line: 1, column: 1), message: reason)])
        }
        try self.init(model: model, description: node)
    }
}

/// A description of an interface that cannot be used, with everything that is wrong.
public struct MalformedDescription: Error, Sendable, Hashable, CustomStringConvertible {
    public struct Mistake: Sendable, Hashable {
        public let mark: YAMLNode.Mark
        public let message: String
    }

    /// At least one.
    public let errors: [Mistake]

    public var description: String { errors.map { "\($0.mark): error: \($0.message)" }.joined(separator: "\n") }
}

/// Reads a description and notes everything that is wrong with it.
private struct DescriptionReader {
    var errors: [MalformedDescription.Mistake] = []

    /// What a place can be said of, by the names in a file.
    static let fields: KeyValuePairs<String, EventField> = [
        "text": .answer, "reasoning": .reasoning, "toolCall": .toolCall, "role": .role, "inputTokens": .inputTokens,
        "outputTokens": .outputTokens, "reasoningTokens": .reasoningTokens, "cachedInputTokens": .cachedInputTokens,
        "finishReason": .finishReason, "end": .end, "error": .error, "errorMessage": .errorMessage, "errorType": .errorType,
        "errorCode": .errorCode,
    ]

    mutating func fail(_ node: YAMLNode?, _ message: String) {
        errors.append(.init(mark: node?.mark ?? .init(line: 1, column: 1), message: message))
    }

    mutating func members(_ node: YAMLNode, of what: String, known: [String]) -> [String: YAMLNode] {
        guard let entries = node.mapping else {
            fail(node, "\(what) is a mapping, found \(node.kindName)")
            return [:]
        }
        for entry in entries where !known.contains(entry.key) {
            errors.append(
                .init(mark: entry.keyMark, message: "\(what) has no field '\(entry.key)'; known are \(known.joined(separator: ", "))"))
        }
        return Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) })
    }

    mutating func text(_ node: YAMLNode?) -> String? {
        guard let node else { return nil }
        guard let text = node.scalar else {
            fail(node, "a text is expected, found \(node.kindName)")
            return nil
        }
        return text
    }

    mutating func headers(_ node: YAMLNode?) -> [ProviderRequest.Header] {
        guard let node else { return [] }
        guard let entries = node.mapping else {
            fail(node, "headers are a mapping of names to texts, found \(node.kindName)")
            return []
        }
        return entries.compactMap { entry in text(entry.value).map { .init(entry.key, $0) } }
    }

    mutating func body(_ node: YAMLNode?, at description: YAMLNode) -> DocumentValue {
        guard let node, node.mapping != nil else {
            fail(node ?? description, "'body' is needed, and a mapping: what is sent, with placeholders such as \"{messages}\"")
            return .object([])
        }
        return node.value
    }

    // MARK: Answers

    mutating func format(answer: YAMLNode?, whole: YAMLNode?, at description: YAMLNode) -> AnswerFormat {
        guard let answer else {
            fail(description, "'answer' is needed: where the text is, and the end")
            return AnswerFormat(event: .nothing, whole: .nothing)
        }
        let names = Self.fields.map(\.key)
        let stream = members(answer, of: "'answer'", known: ["framing", "endMarker", "endEvent"] + names)
        let event = table(stream)
        if stream["text"] == nil, stream["reasoning"] == nil, stream["toolCall"] == nil {
            fail(answer, "'answer' needs 'text': the path to what the model says, such as choices[*].delta.content")
        }
        var format = AnswerFormat(event: event, whole: whole.map { table(members($0, of: "'whole'", known: names)) } ?? event)
        if let framing = text(stream["framing"]) {
            if let known = AnswerFormat.Framing(rawValue: framing) {
                format.framing = known
            } else {
                fail(stream["framing"], "'framing' is serverSentEvents or lines, found '\(framing.prefix(60))'")
            }
        }
        if let marker = text(stream["endMarker"]) { format.endMarker = Array(marker.utf8) }
        if let event = text(stream["endEvent"]) { format.typed = [.init(event, EventTable([:], isEnd: true))] }
        format.endsWithConnection = ["end", "endMarker", "endEvent", "finishReason"].allSatisfy { stream[$0] == nil }
        return format
    }

    private mutating func table(_ members: [String: YAMLNode]) -> EventTable {
        var fields: [(path: EventPath, field: EventField)] = []
        for (name, field) in Self.fields {
            guard let node = members[name] else { continue }
            for element in node.sequence ?? [node] {
                guard let text = text(element) else { continue }
                do throws(MalformedPath) {
                    fields.append((try EventPath(text), field))
                } catch {
                    fail(element, error.description)
                }
            }
        }
        return EventTable(fields)
    }
}
