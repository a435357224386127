import Documents

extension Manifest {
    /// Where a flag stands among what a container is started with.
    enum Argument: Hashable {
        /// `--flag=value` at this position of a list.
        case joined(list: ArgumentList, index: Int, text: String)
        /// `--flag` at this position of a list and its value behind it.
        case separate(list: ArgumentList, index: Int, value: String)
        case absent
        /// Part of a line that a shell takes apart: no position of a list is the flag's.
        case insideShell
    }

    enum ArgumentList: String, Hashable, CaseIterable {
        case args, command
    }

    func arguments(_ list: ArgumentList, ofContainer index: Int) -> [String]? {
        containers[index][list.rawValue]?.elements.map { $0.scalarText ?? "" }
    }

    func argument(_ flag: String, ofContainer index: Int) -> Argument {
        for list in ArgumentList.allCases {
            let arguments = arguments(list, ofContainer: index) ?? []
            // An engine takes the last of several; so do we.
            for position in arguments.indices.reversed() {
                if arguments[position].hasPrefix(flag + "=") { return .joined(list: list, index: position, text: arguments[position]) }
                if arguments[position] == flag, arguments.indices.contains(position + 1) {
                    return .separate(list: list, index: position, value: arguments[position + 1])
                }
            }
        }
        return isShell(container: index) ? .insideShell : .absent
    }

    /// Whether the container runs a shell on a line of text, as `sh -c "…"` does.
    private func isShell(container index: Int) -> Bool {
        let words = (arguments(.command, ofContainer: index) ?? []) + (arguments(.args, ofContainer: index) ?? [])
        let shells = ["sh", "bash", "ash", "dash", "zsh"]
        return words.first.map { word in shells.contains { word == $0 || word.hasSuffix("/" + $0) } } ?? false
    }
}
