import Documents

/// The command line of a container: what it runs, and where a flag stands in it.
struct ContainerCommand {
    /// Replaces the image's entry point; `nil` where the manifest leaves the image's.
    let command: [String]?
    /// Replaces the image's own arguments; `nil` where the manifest leaves the image's.
    let arguments: [String]?

    /// An empty list counts as none: the API server drops it.
    init(_ container: DocumentValue) {
        func words(_ key: String) -> [String]? {
            let elements = container[key]?.elements ?? []
            return elements.isEmpty ? nil : elements.map(\.scalarText)
        }
        command = words("command")
        arguments = words("args")
    }

    /// The two lists of a container, by their names in a manifest.
    enum List: String {
        case command, args
    }

    /// Where a flag stands.
    enum Place: Hashable {
        /// `--flag=value` in one word.
        case joined(List, index: Int, word: String)
        /// `--flag`, and its value in the word behind it.
        case separate(List, index: Int, value: String)
        /// `--flag` on its own: switched on.
        case bare(List, index: Int)
        /// Within the text of a shell script, where no patch can reach it; its value, where the script names it.
        case script(value: String?)
        case absent
    }

    /// - Parameter isSwitch: The setting is on or off, so that a word behind the flag is its value only if it says so.
    func place(of flag: String, isSwitch: Bool) -> Place {
        if runsScript { return .script(value: scriptValue(of: flag)) }
        return place(of: flag, in: arguments ?? [], .args, isSwitch) ?? place(of: flag, in: command ?? [], .command, isSwitch) ?? .absent
    }

    /// The words of one of the two lists.
    func words(_ list: List) -> [String] { (list == .args ? arguments : command) ?? [] }

    /// An engine takes the last of several; so do we.
    private func place(of flag: String, in words: [String], _ list: List, _ isSwitch: Bool) -> Place? {
        for index in words.indices.reversed() {
            if words[index].hasPrefix(flag + "=") { return .joined(list, index: index, word: words[index]) }
            guard words[index] == flag else { continue }
            let next = words.indices.contains(index + 1) ? words[index + 1] : nil
            guard let next, isValue(next, isSwitch) else { return .bare(list, index: index) }
            return .separate(list, index: index, value: next)
        }
        return nil
    }

    private func isValue(_ word: String, _ isSwitch: Bool) -> Bool {
        if isSwitch { return Bool(word) != nil }
        return !word.hasPrefix("-") || Double(word) != nil
    }

    /// Whether a shell reads its program from one of the words, as in `sh -c "vllm serve …"`.
    private var runsScript: Bool {
        let words = words(.command) + words(.args)
        guard let program = words.first?.split(separator: "/").last, Self.shells.contains(String(program)) else { return false }
        return words.dropFirst().contains { $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.contains("c") }
    }

    private static let shells: Set<String> = ["ash", "bash", "dash", "ksh", "sh", "zsh"]

    /// Good enough to read a value that is written plainly; changing a script is left to people.
    private func scriptValue(of flag: String) -> String? {
        let text = (words(.command) + words(.args)).joined(separator: " ")
        let words = text.split { $0.isWhitespace || $0 == "\\" || $0 == "\"" || $0 == "'" }.map(String.init)
        switch place(of: flag, in: words, .args, false) {
        case .joined(_, _, let word): return String(word.dropFirst(flag.count + 1))
        case .separate(_, _, let value): return value
        case .bare: return "true"
        case .script, .absent, nil: return nil
        }
    }
}
