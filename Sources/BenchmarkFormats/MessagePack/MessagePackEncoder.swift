public import Documents

/// Writes a document in MessagePack, each value in its shortest form; numbers with a fraction as 64-bit floating point.
///
/// Source: MessagePack specification, https://github.com/msgpack/msgpack/blob/master/spec.md (2013).
public enum MessagePackEncoder {
    /// - Parameter document: A text of 4 GiB or more, or as many members, is a caller's bug and traps.
    public static func encode(_ document: DocumentValue) -> [UInt8] {
        var bytes: [UInt8] = []
        append(document, to: &bytes)
        return bytes
    }

    private static func append(_ value: DocumentValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(0xC0)
        case .boolean(let flag): bytes.append(flag ? 0xC3 : 0xC2)
        case .integer(let number): append(number, to: &bytes)
        case .double(let number):
            bytes.append(0xCB)
            append(bigEndian: number.bitPattern, to: &bytes)
        case .string(let text): append(text, to: &bytes)
        case .array(let elements):
            appendHead(elements.count, short: 0x90, shortLimit: 16, medium: 0xDC, to: &bytes)
            for element in elements { append(element, to: &bytes) }
        case .object(let members):
            appendHead(members.count, short: 0x80, shortLimit: 16, medium: 0xDE, to: &bytes)
            for member in members {
                append(member.key, to: &bytes)
                append(member.value, to: &bytes)
            }
        }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let count = text.utf8.count
        if (32..<256).contains(count) {
            bytes += [0xD9, UInt8(count)]
        } else {
            appendHead(count, short: 0xA0, shortLimit: 32, medium: 0xDA, to: &bytes)
        }
        bytes += text.utf8
    }

    /// The length of a text, an array or a map; the form with 32 bits follows the one with 16.
    private static func appendHead(_ count: Int, short: UInt8, shortLimit: Int, medium: UInt8, to bytes: inout [UInt8]) {
        if count < shortLimit {
            bytes.append(short | UInt8(count))
        } else if let length = UInt16(exactly: count) {
            bytes.append(medium)
            append(bigEndian: length, to: &bytes)
        } else {
            bytes.append(medium + 1)
            append(bigEndian: UInt32(count), to: &bytes)
        }
    }

    private static func append(_ number: Int64, to bytes: inout [UInt8]) {
        if number >= 0 { return append(UInt64(number), to: &bytes) }
        if number >= -32 {
            bytes.append(UInt8(bitPattern: Int8(number)))
        } else if let short = Int8(exactly: number) {
            bytes += [0xD0, UInt8(bitPattern: short)]
        } else if let medium = Int16(exactly: number) {
            bytes.append(0xD1)
            append(bigEndian: medium, to: &bytes)
        } else if let long = Int32(exactly: number) {
            bytes.append(0xD2)
            append(bigEndian: long, to: &bytes)
        } else {
            bytes.append(0xD3)
            append(bigEndian: number, to: &bytes)
        }
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        if number < 128 {
            bytes.append(UInt8(number))
        } else if let short = UInt8(exactly: number) {
            bytes += [0xCC, short]
        } else if let medium = UInt16(exactly: number) {
            bytes.append(0xCD)
            append(bigEndian: medium, to: &bytes)
        } else if let long = UInt32(exactly: number) {
            bytes.append(0xCE)
            append(bigEndian: long, to: &bytes)
        } else {
            bytes.append(0xCF)
            append(bigEndian: number, to: &bytes)
        }
    }

    private static func append(bigEndian number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
    }
}
