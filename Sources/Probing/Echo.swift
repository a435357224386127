import Measurements

/// What a server repeats of a request in its error: the key it was sent, or the prompt.
struct Echo {
    let key: String?
    let prompt: String
    /// This many words of the prompt in a row are a part of it, or all of a shorter one; fewer are anybody's words.
    private static let fewestWords = 4

    /// An error without them.
    func removed(from error: InferenceError) -> InferenceError {
        InferenceError(type: withoutKey(error.type), message: withoutPrompt(withoutKey(error.message)), code: error.code)
    }

    private func withoutKey(_ text: String) -> String {
        guard let key, !key.isEmpty, text.contains(key) else { return text }
        return text.split(separator: key, omittingEmptySubsequences: false).joined(separator: "…")
    }

    private func withoutPrompt(_ text: String) -> String {
        let said = text.split(whereSeparator: \.isWhitespace)
        let asked = prompt.split(whereSeparator: \.isWhitespace)
        let length = min(Self.fewestWords, max(2, asked.count))
        let runs = Set(Self.runs(of: length, in: asked))
        let repeated = Self.runs(of: length, in: said).enumerated().filter { runs.contains($0.element) }
            .reduce(into: Set<Int>()) { $0.formUnion($1.offset..<$1.offset + length) }
        guard !repeated.isEmpty else { return text }
        // A word that was cut off, or bears a quotation mark, stands at the end of what was repeated.
        let last = repeated.max().map { $0 + 1 }
        return said.enumerated().compactMap { index, word -> Substring? in
            guard repeated.contains(index) || index == last else { return word }
            return repeated.contains(index - 1) ? nil : "…"
        }.joined(separator: " ")
    }

    private static func runs(of length: Int, in words: [Substring]) -> [ArraySlice<Substring>] {
        words.count < length ? [] : (0...words.count - length).map { words[$0..<$0 + length] }
    }
}
