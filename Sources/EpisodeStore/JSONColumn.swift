import Control
import FoundationEssentials

/// Documents in columns of text.
enum JSONColumn {
    static func text(_ value: some Encodable) throws -> String {
        String(decoding: try CanonicalJSON.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
        try CanonicalJSON.decode(type, from: Data(text.utf8))
    }
}

extension StoreError {
    static func undecodable(_ what: String, path: String, cause: String) -> StoreError {
        StoreError(
            kind: .undecodable, attempt: "read \(what) of", path: path, cause: cause,
            aftermath: "Nothing was changed; it was written by another version of this program, or by hand.")
    }

    /// Puts what a decoder throws into the store's words.
    static func decoding<Value>(_ what: String, path: String, _ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as DecodingError {
            throw undecodable(what, path: path, cause: place(error))
        }
    }

    /// Path and expectation; never the value, which may be long.
    private static func place(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context), .keyNotFound(_, let context):
            let path = context.codingPath.map { "/" + ($0.intValue.map(String.init) ?? $0.stringValue) }.joined()
            return "at '\(path)': \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }
}
