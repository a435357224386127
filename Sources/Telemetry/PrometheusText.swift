/// Reads the text format of Prometheus, version 0.0.4, and what of OpenMetrics 1.0 servers use of it.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/. Exemplars are passed over. A page with one bad line is refused
/// whole, as Prometheus does: half a histogram is worse than none.
public enum PrometheusText {
    /// - Parameter keeping: Which metrics are wanted, by name; the others are checked and left out.
    /// - Throws: ``ExpositionError`` with the line.
    public static func parse(
        _ page: [UInt8], limits: ExpositionLimits = ExpositionLimits(), keeping: (String) -> Bool = { _ in true }
    ) throws(ExpositionError) -> Exposition {
        guard page.count <= limits.bytes else {
            throw ExpositionError(line: 1, message: "expected at most \(limits.bytes) bytes, found \(page.count)")
        }
        var result = Exposition()
        var number = 0
        var start = page.startIndex
        while start < page.endIndex {
            let end = page[start...].firstIndex(of: UInt8(ascii: "\n")) ?? page.endIndex
            number += 1
            guard end - start <= limits.lineBytes else {
                throw ExpositionError(line: number, message: "it is longer than \(limits.lineBytes) bytes")
            }
            var line = LineScanner(bytes: page[start..<end], number: number, maximumLabels: limits.labels)
            if line.isEndOfFile { break }
            if line.startsComment {
                if let type = line.type() { result.types[type.family] = type.kind }
            } else if !line.isBlank, let sample = try line.sample(keeping: keeping) {
                guard result.samples.count < limits.series else {
                    throw ExpositionError(line: number, message: "there are more than \(limits.series) series")
                }
                result.samples.append(sample)
            }
            start = end + 1
        }
        return result
    }
}

/// One line of a page.
private struct LineScanner {
    let bytes: ArraySlice<UInt8>
    let number: Int
    let maximumLabels: Int
    private var position: Int

    init(bytes: ArraySlice<UInt8>, number: Int, maximumLabels: Int) {
        self.bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
        self.number = number
        self.maximumLabels = maximumLabels
        position = bytes.startIndex
        skipBlanks()
    }

    var isBlank: Bool { position == bytes.endIndex }
    var startsComment: Bool { peek == UInt8(ascii: "#") }
    var isEndOfFile: Bool { bytes.elementsEqual("# EOF".utf8) }

    private var peek: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    /// What a `# TYPE` line says; `nil` for every other comment.
    func type() -> (family: String, kind: String)? {
        let words = bytes.split(whereSeparator: isBlankByte)
        guard words.count == 4, words[0].elementsEqual("#".utf8), words[1].elementsEqual("TYPE".utf8) else { return nil }
        return (String(decoding: words[2], as: UTF8.self), String(decoding: words[3], as: UTF8.self))
    }

    /// `name{label="value",…} value [timestamp] [# exemplar]`; `nil` where the name is not wanted.
    mutating func sample(keeping: (String) -> Bool) throws(ExpositionError) -> Exposition.Sample? {
        let name = try name(allowingColon: true, of: "a metric")
        skipBlanks()
        let labels = peek == UInt8(ascii: "{") ? try self.labels() : [:]
        skipBlanks()
        let text = word()
        guard let value = Self.number(text) else { throw failure("expected a number as the value of \(name), found '\(text.prefix(40))'") }
        skipBlanks()
        var milliseconds: Int64?
        if let next = peek, next != UInt8(ascii: "#") {
            let text = word()
            // OpenMetrics writes seconds with a fraction where the older format has whole milliseconds.
            milliseconds = Int64(text) ?? Double(text).flatMap { $0.isFinite ? Int64(exactly: ($0 * 1_000).rounded()) : nil }
            guard milliseconds != nil else { throw failure("expected a time after the value of \(name), found '\(text.prefix(40))'") }
            skipBlanks()
        }
        guard isBlank || startsComment else { throw failure("expected nothing after the value of \(name)") }
        return keeping(name) ? .init(series: MetricSeries(name, labels), value: value, milliseconds: milliseconds) : nil
    }

    /// A number as Go's `ParseFloat` reads it, without its hexadecimal and underscored forms.
    private static func number(_ text: String) -> Double? {
        switch text.lowercased() {
        case "nan": return .nan
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default:
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }) else { return nil }
            return Double(text)
        }
    }

    // MARK: Names and labels

    private mutating func labels() throws(ExpositionError) -> [String: String] {
        var labels: [String: String] = [:]
        position += 1
        while true {
            skipBlanks()
            if peek == UInt8(ascii: "}") { break }
            let name = try name(allowingColon: false, of: "a label")
            skipBlanks()
            try expect("=")
            skipBlanks()
            guard labels.updateValue(try quoted(), forKey: name) == nil else { throw failure("the label \(name) stands there twice") }
            guard labels.count <= maximumLabels else { throw failure("it has more than \(maximumLabels) labels") }
            skipBlanks()
            if peek == UInt8(ascii: ",") {
                position += 1
            } else if peek != UInt8(ascii: "}") {
                throw failure("expected ',' or '}' after a label")
            }
        }
        position += 1
        return labels
    }

    private mutating func quoted() throws(ExpositionError) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = peek else { break }
                position += 1
                switch escaped {
                case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(escaped)
                default: text += [byte, escaped]
                }
            default: text.append(byte)
            }
        }
        throw failure("the value of a label does not end")
    }

    private mutating func name(allowingColon: Bool, of what: String) throws(ExpositionError) -> String {
        let start = position
        while let byte = peek, isNameByte(byte, isFirst: position == start) || (allowingColon && byte == UInt8(ascii: ":")) {
            position += 1
        }
        guard position > start else { throw failure("expected the name of \(what)") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    // MARK: Bytes

    private mutating func word() -> String {
        let start = position
        while let byte = peek, !isBlankByte(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func skipBlanks() {
        while let byte = peek, isBlankByte(byte) { position += 1 }
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(ExpositionError) {
        guard peek == UInt8(ascii: character) else { throw failure("expected '\(character)'") }
        position += 1
    }

    private func failure(_ message: String) -> ExpositionError { ExpositionError(line: number, message: message) }
}

private func isBlankByte(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

private func isNameByte(_ byte: UInt8, isFirst: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): !isFirst
    default: false
    }
}

/// Whether a text can be the name of a label.
func isLabelName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.enumerated().allSatisfy { isNameByte($0.element, isFirst: $0.offset == 0) }
}
