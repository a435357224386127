import PolicyFiles
import Statistics
import Testing

@Suite struct PolicyMutationTests {
    static let shipped: [[UInt8]] = ShippedPolicyTests.names.map { name in
        (try? RepositoryFiles.text("policies/\(name).yaml")).map { Array($0.utf8) } ?? []  // Empty ones fail the test below.
    }

    static let words = [
        "500", "5%", "5m", "-1", "0", "nan", ".inf", "yes", "null", "~", "[]", "{}", "[1, 2]", "{a: b}", "\"\"", "1:30", "1e400",
        "9999999999999999999",
        "&a", "*a", "!!binary x", "|", "\u{0}", "\t", "é", "\u{2028}", "- -", ": :", "---", "...", "%", "@", "`", "0x10", "p95", "10/s",
        "2/h",
    ]

    /// One kind of damage each, at a place and of an amount the generator chooses.
    static func mutate(_ bytes: [UInt8], with random: inout SplitMix64) -> [UInt8] {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        let line = Int(random.next() % UInt64(lines.count))
        let word = Array(words[Int(random.next() % UInt64(words.count))].utf8)
        switch random.next() % 9 {
        case 0: lines.remove(at: line)
        case 1: lines.insert(lines[line], at: line)
        case 2:
            guard let colon = lines[line].firstIndex(of: 0x3A) else { return bytes }
            lines[line] = lines[line][...colon] + [0x20] + word
        case 3: lines[line].insert(contentsOf: word, at: Int(random.next() % UInt64(lines[line].count + 1)))
        case 4: lines[line] = Array(repeating: 0x20, count: Int(random.next() % 12)) + lines[line]
        case 5: lines.swapAt(line, Int(random.next() % UInt64(lines.count)))
        case 6:
            var damaged = bytes
            for _ in 0..<(1 + random.next() % 20) {
                damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            return damaged
        case 7: return Array(bytes.prefix(Int(random.next() % UInt64(bytes.count))))
        default:
            let digits = lines[line].indices.filter { (0x30...0x39).contains(lines[line][$0]) }
            guard !digits.isEmpty else { return bytes }
            lines[line].replaceSubrange(digits[0]...digits[0], with: word)
        }
        return Array(lines.joined(separator: [0x0A]))
    }

    @Test("damaged policies are read or refused with a place inside the file, and never crash", arguments: UInt64(1)...400)
    func damaged(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var bytes = Self.shipped[Int(random.next() % UInt64(Self.shipped.count))]
        #expect(bytes.count > 500)
        for _ in 0..<(1 + random.next() % 3) where !bytes.isEmpty { bytes = Self.mutate(bytes, with: &random) }
        expectPlaces(parsePolicies(bytes, file: "f.yaml"), of: bytes, "seed \(seed)")
    }

    @Test("bombs, giants, deep nests and odd encodings are refused with a place", arguments: Hostile.allCases)
    func hostile(kind: Hostile) {
        let bytes = kind.bytes
        let parse = parsePolicies(bytes, file: "f.yaml")
        #expect(!parse.isValid)
        expectPlaces(parse, of: bytes, "\(kind)")
    }

    func expectPlaces(_ parse: PolicyParse, of bytes: [UInt8], _ name: String) {
        #expect(parse.isValid != parse.policies.isEmpty, "\(name): \(parse.report)")
        let lineCount = bytes.count { $0 == 0x0A } + bytes.count { $0 == 0x0D } + 2
        for diagnostic in parse.diagnostics {
            #expect((1...lineCount).contains(diagnostic.line) && diagnostic.column >= 1 && diagnostic.length >= 1, "\(name): \(diagnostic)")
            #expect(!diagnostic.message.isEmpty && diagnostic.message.utf8.count < 1_000, "\(name): \(diagnostic)")
        }
        #expect(parse.diagnostics.count <= 101)
        #expect(parse.report.isEmpty == parse.diagnostics.isEmpty)
    }

    enum Hostile: CaseIterable {
        case aliasBomb, giant, deepFlow, deepBlock, utf16, utf32, latin1, nul, manyDocuments, manyKeys, longLine, cyclicAlias, mergeKeys

        var bytes: [UInt8] {
            switch self {
            case .aliasBomb:
                let levels = (1..<12).map { "l\($0): &l\($0) [\(Array(repeating: "*l\($0 - 1)", count: 10).joined(separator: ", "))]" }
                return Array((["l0: &l0 x"] + levels).joined(separator: "\n").utf8)
            case .giant: return Array(String(repeating: "- 5m\n", count: 2_000_000).utf8)
            case .deepFlow: return Array(repeating: UInt8(ascii: "["), count: 200_000)
            case .deepBlock: return Array(String(repeating: "- ", count: 100_000).utf8)
            case .utf16: return [0xFF, 0xFE] + "kind: x".utf8.flatMap { [$0, 0] }
            case .utf32: return [0, 0, 0xFE, 0xFF] + "kind: x".utf8.flatMap { [0, 0, 0, $0] }
            case .latin1: return Array("name: ".utf8) + [0xE9, 0x0A]
            case .nul: return Array("name: a\u{0}b\n".utf8)
            case .manyDocuments: return Array(String(repeating: "---\na: 1\n", count: 5_000).utf8)
            case .manyKeys: return Array((0..<50_000).map { "k\($0): 1\n" }.joined().utf8)
            case .longLine: return Array(("kind: " + String(repeating: "é", count: 400_000)).utf8)
            case .cyclicAlias: return Array("spec: &a {triggers: *a}\n".utf8)
            case .mergeKeys: return Array("a: &a {kind: x}\n<<: *a\n".utf8)
            }
        }
    }
}
