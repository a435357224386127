import Documents
import Policies
import PolicyFiles

/// Reads policy files for the commands.
enum PolicyReading {
    /// Every file, read; one that cannot be read at all ends the command.
    static func parse(_ files: [String]) throws -> [PolicyParse] {
        try files.map { file in
            do {
                return parsePolicies(try FileContent.read(path: file, limitBytes: 16 << 20), file: file)
            } catch {
                throw CommandFailure("cannot read policy \(file): \(error)")
            }
        }
    }

    /// Every policy of the files, in their order; an error in one ends the command.
    static func policies(files: [String]) throws -> [Policy] {
        let parses = try parse(files)
        for parse in parses where !parse.diagnostics.isEmpty { Terminal.standardError(parse.report + "\n") }
        guard parses.allSatisfy(\.isValid) else { throw ExitStatus.invalidInput }
        return parses.flatMap(\.policies)
    }

    /// The one policy to work with: the only one of the file, or the one named.
    static func policy(file: String, name: String?) throws -> Policy {
        let parse = try parse([file])[0]
        if !parse.diagnostics.isEmpty { Terminal.standardError(parse.report + "\n") }
        guard parse.isValid else { throw ExitStatus.invalidInput }
        let names = parse.policies.map(\.name).joined(separator: ", ")
        if let name {
            guard let policy = parse.policies.first(where: { $0.name == name }) else {
                throw CommandFailure("\(file) has no policy '\(name)'; it has: \(names)")
            }
            return policy
        }
        guard parse.policies.count == 1 else {
            throw CommandFailure("\(file) has several policies (\(names)); choose one with --policy-name")
        }
        return parse.policies[0]
    }
}
