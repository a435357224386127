import FoundationEssentials

/// A path in which `*`, `?` and `[…]` stand for parts of a name, as a shell's do; they match neither a slash nor a leading dot.
public struct FilePattern: Sendable, Hashable {
    public let text: String

    public init(_ text: String) { self.text = text }

    /// The regular files that match now, in order; at most `limit`, and whether there were more.
    public func files(limit: Int) -> (paths: [String], isComplete: Bool) {
        let isAbsolute = text.hasPrefix("/")
        var folders = [isAbsolute ? "/" : ""]
        let parts = text.split(separator: "/").map(String.init)
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            folders = folders.flatMap { Self.entries(of: $0, matching: part) }
            if !isLast { folders = folders.filter { Self.kind(of: $0) == .typeDirectory } }
            if folders.count > limit { return (Array(folders.prefix(limit)).filter { isLast && Self.kind(of: $0) == .typeRegular }, false) }
        }
        return (folders.filter { Self.kind(of: $0) == .typeRegular }, true)
    }

    private static func entries(of folder: String, matching part: String) -> [String] {
        func path(_ name: String) -> String { folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name }
        guard part.contains(where: { "*?[".contains($0) }) else {
            return FileManager.default.fileExists(atPath: path(part)) ? [path(part)] : []
        }
        // A folder that is not there, or not readable, holds nothing that matches.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        return names.filter { matches(Array($0), Array(part)) }.sorted().map(path)
    }

    /// What a path leads to, through symbolic links; what went away in between is of no kind.
    private static func kind(of path: String) -> FileAttributeType? {
        let target = URL(filePath: path).resolvingSymlinksInPath().path
        return (try? FileManager.default.attributesOfItem(atPath: target))?[.type] as? FileAttributeType
    }

    /// Whether a name matches; at most name × pattern steps.
    static func matches(_ name: [Character], _ pattern: [Character]) -> Bool {
        if name.first == ".", pattern.first != "." { return false }
        var (at, there) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while at < name.count {
            if there < pattern.count, pattern[there] == "*" {
                star = (there, at)
                there += 1
            } else if there < pattern.count, let next = matchesOne(name[at], pattern, there) {
                at += 1
                there = next
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                at = last.name + 1
                there = last.pattern + 1
            } else {
                return false
            }
        }
        return pattern[there...].allSatisfy { $0 == "*" }
    }

    /// The place behind the part of the pattern that matches a character; `nil` where it does not.
    private static func matchesOne(_ character: Character, _ pattern: [Character], _ index: Int) -> Int? {
        switch pattern[index] {
        case "?": return index + 1
        case "[":
            guard let end = pattern[(index + 1)...].dropFirst().firstIndex(of: "]") else { return character == "[" ? index + 1 : nil }
            var members = Array(pattern[(index + 1)..<end])
            let isNegated = members.first == "!" || members.first == "^"
            if isNegated { members.removeFirst() }
            return contains(members, character) != isNegated ? end + 1 : nil
        case let literal: return literal == character ? index + 1 : nil
        }
    }

    private static func contains(_ members: [Character], _ character: Character) -> Bool {
        var index = 0
        while index < members.count {
            if index + 2 < members.count, members[index + 1] == "-" {
                if members[index] <= character, character <= members[index + 2] { return true }
                index += 3
            } else {
                if members[index] == character { return true }
                index += 1
            }
        }
        return false
    }
}
