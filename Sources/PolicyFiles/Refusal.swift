internal import Documents

/// Why a scalar was refused, and which part of it.
struct Refusal: Error {
    let message: String
    var suggestion: String?
    /// 0-based, in characters of the text.
    var offset: Int?

    func place(in node: YAMLNode) -> Place {
        var place = Place(node)
        if let offset, place.length > 1 {
            let start = min(offset + (node.style == .quoted ? 1 : 0), place.length - 1)
            place = Place(line: place.line, column: place.column + start, length: place.length - start)
        }
        return place
    }
}
