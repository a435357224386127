/// A value that is neither a string nor a container.
enum ScannedScalar {
    case null, boolean(Bool), number(Double)
    /// `NaN` or an infinity.
    case notFinite

    init?(_ bytes: Slice<UnsafeRawBufferPointer>) {
        guard let first = bytes.first else { return nil }
        switch first {
        case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "N"), UInt8(ascii: "I"):
            self.init(word: bytes)
        default: self.init(number: bytes)
        }
    }

    private init?(word bytes: Slice<UnsafeRawBufferPointer>) {
        if bytes.elementsEqual("null".utf8) {
            self = .null
        } else if bytes.elementsEqual("true".utf8) {
            self = .boolean(true)
        } else if bytes.elementsEqual("false".utf8) {
            self = .boolean(false)
        } else if bytes.elementsEqual("NaN".utf8) || bytes.elementsEqual("Infinity".utf8) {
            self = .notFinite
        } else {
            return nil
        }
    }

    private init?(number bytes: Slice<UnsafeRawBufferPointer>) {
        let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
        guard let first = digits.first, (0x30...0x39).contains(first) else {
            guard bytes.elementsEqual("-Infinity".utf8) else { return nil }
            self = .notFinite
            return
        }
        guard first != 0x30 || digits.count == 1 || !(0x30...0x39).contains(digits[digits.startIndex + 1]) else { return nil }
        if digits.count <= 15, digits.allSatisfy({ (0x30...0x39).contains($0) }) {
            let count = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            self = .number(Double(digits.count == bytes.count ? count : -count))
        } else {
            guard Self.isDecimal(digits), let number = Double(String(decoding: bytes, as: UTF8.self)) else { return nil }
            self = number.isFinite ? .number(number) : .notFinite
        }
    }

    /// Digits, then perhaps a point and digits, then perhaps an exponent.
    private static func isDecimal(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        func withoutDigits(_ rest: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer>? {
            guard let first = rest.first, (0x30...0x39).contains(first) else { return nil }
            return rest.drop { (0x30...0x39).contains($0) }
        }
        guard var rest = withoutDigits(bytes) else { return false }
        if rest.first == UInt8(ascii: ".") {
            guard let fraction = withoutDigits(rest.dropFirst()) else { return false }
            rest = fraction
        }
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard let exponent = withoutDigits(rest) else { return false }
            rest = exponent
        }
        return rest.isEmpty
    }
}
