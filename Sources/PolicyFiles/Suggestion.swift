/// The word somebody probably meant.
enum Suggestion {
    /// The known word closest to a misspelt one: at most one edit for every three letters, case and `_` or `-` not counted.
    static func closest(to word: String, among known: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let plain = normalized(word)
        let ranked = known.map { (word: $0, distance: editDistance(plain, normalized($0))) }
        guard let best = ranked.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }) else { return nil }
        return best.distance <= max(1, plain.count / 3) ? best.word : nil
    }

    private static func normalized(_ word: String) -> [Character] { word.lowercased().filter { $0 != "_" && $0 != "-" }.map { $0 } }

    /// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
    static func editDistance(_ left: [Character], _ right: [Character]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var rows = [Array(0...right.count)]
        for i in 1...left.count {
            var row = [i]
            for j in 1...right.count {
                let cost = left[i - 1] == right[j - 1] ? 0 : 1
                var best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + cost)
                if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] { best = min(best, rows[i - 2][j - 2] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
