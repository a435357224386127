internal import Documents
internal import Policies

extension PolicyBuilder {
    mutating func commandTarget(_ object: ParsedObject) -> Policy.CommandTarget {
        var target = Policy.CommandTarget(
            name: object.text("name") ?? "", set: step("set", of: object, .put, .seconds(30)) ?? Self.unread,
            get: step("get", of: object, .get, .seconds(5)) ?? Self.unread)
        target.ready = step("ready", of: object, .get, .seconds(5))
        target.undo = step("undo", of: object, .put, .seconds(30))
        target.environment = (object.list("environment") ?? []).compactMap(\.text)
        return target
    }

    /// In the place of a step that was refused; the policy is not used then.
    private static let unread = Policy.CommandStep(.run([]), timeout: .zero)

    private mutating func step(
        _ name: String, of object: ParsedObject, _ method: Policy.CommandStep.HTTPRequest.Method, _ timeout: Duration
    ) -> Policy.CommandStep? {
        guard let fields = object.object(name) else { return nil }
        let timeout = fields.duration("timeout") ?? timeout
        if let words = fields.list("run") {
            checkProgram(words, of: name)
            return Policy.CommandStep(.run(words.compactMap(\.text)), timeout: timeout)
        }
        guard let http = fields.object("http") else { return nil }
        let body = http.text("body")
        if let body { checkBody(body, http.place(of: "body"), of: name) }
        let request = Policy.CommandStep.HTTPRequest(method: http.choice("method") ?? method, url: http.text("url") ?? "", body: body)
        if request.method == .get, body != nil { log.error(http.place(of: "body"), "a GET request of '\(name)' takes no body") }
        return Policy.CommandStep(.http(request), timeout: timeout)
    }

    private mutating func checkProgram(_ words: [Parsed], of name: String) {
        guard let word = words.first, let program = word.text else { return }
        guard program.hasPrefix("/") else {
            let why = "it is started without a shell and not searched for"
            return log.error(
                word.place, "'\(name)' must begin with an absolute path such as /usr/local/bin/tool, found '\(program.prefix(60))'; \(why)")
        }
        if !PlaceholderText(program).placeholders.isEmpty { log.error(word.place, "the program of '\(name)' cannot hang on a value") }
    }

    private mutating func checkBody(_ body: String, _ place: Place, of name: String) {
        let sample = PlaceholderText(body).filled { _, _ in "0" }
        guard (try? JSONDocument.parse(sample)) == nil else { return }  // The parser's words would name places of the filled text.
        log.error(place, "the body of '\(name)' is no JSON with values in the places of its placeholders")
    }
}

extension PolicyBuilder {
    /// Every placeholder is a knob, and every knob has its placeholder in `set`.
    mutating func checkPlaceholders(of target: Policy.CommandTarget, knobs: ParsedObject?, _ spec: ParsedObject) {
        guard let command = spec.object("target")?.object("command") else { return }
        let names = (knobs?.writtenKeys ?? [:]).keys.sorted()
        let values: [(String, Policy.CommandStep?)] = [("set", target.set), ("undo", target.undo)]
        for (field, step) in values where command.object(field) != nil {
            for name in Set(step?.templates.flatMap(\.placeholders) ?? []).sorted() where !names.contains(name) {
                let known = names.isEmpty ? "the policy has none" : "they are \(names.joined(separator: ", "))"
                log.error(
                    command.place(of: field), "'\(field)' has the placeholder '{\(name)}', which is no knob; \(known)",
                    suggestion: Suggestion.closest(to: name, among: names).map { "{\($0)}" })
            }
        }
        for (field, step) in [("get", Optional(target.get)), ("ready", target.ready)] where command.object(field) != nil {
            for name in Set(step?.templates.flatMap(\.placeholders) ?? []).sorted() {
                log.error(command.place(of: field), "'\(field)' sets nothing and takes no placeholder, found '{\(name)}'")
            }
        }
        guard command.object("set") != nil else { return }
        let given = Set(target.set.templates.flatMap(\.placeholders))
        for name in names where !given.contains(name) {
            let place = knobs?.writtenKeys[name] ?? command.place
            log.error(place, "the knob '\(name)' cannot be set: 'set' of the target has no placeholder '{\(name)}'")
        }
    }
}
