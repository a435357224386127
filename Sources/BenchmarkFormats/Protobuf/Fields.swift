import Measurements
import SwiftProtobuf

extension Google_Protobuf_Duration {
    /// Exact; both parts carry the sign, as the format asks.
    init(_ length: Nanoseconds) {
        self.init(seconds: length.count / 1_000_000_000, nanos: Int32(length.count % 1_000_000_000))
    }
}

extension Google_Protobuf_Timestamp {
    /// Exact; the nanoseconds count up also before 1970, as the format asks.
    init(_ time: Timestamp) {
        let (whole, rest) = time.nanosecondsSinceEpoch.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.init(seconds: rest < 0 ? whole - 1 : whole, nanos: Int32(rest < 0 ? rest + 1_000_000_000 : rest))
    }
}

extension LlmLatencyLens_V1_Failure {
    init(_ error: InferenceError) {
        self.init()
        type = error.type
        message = error.message
        if let code = error.code { self.code = Int64(code) }
    }
}

extension LlmLatencyLens_V1_Quantization {
    /// `none`, `int8`, `int4`, `fp16` or `bf16`; anything else is unspecified.
    init(_ name: String?) {
        switch name {
        case "none": self = .none
        case "int8": self = .int8
        case "int4": self = .int4
        case "fp16": self = .fp16
        case "bf16": self = .bf16
        default: self = .unspecified
        }
    }
}

/// Sets a field of a message where there is a value, and leaves it absent where there is none.
func set<Message, Field, Value>(
    _ field: WritableKeyPath<Message, Field>, of message: inout Message, to value: Value?, _ convert: (Value) -> Field
) {
    if let value { message[keyPath: field] = convert(value) }
}

/// Rounded; beyond 32 bits the largest.
func count32(_ value: Double) -> UInt32 { UInt32(min(max(value.rounded(), 0), Double(UInt32.max))) }

/// Counts beyond 32 bits stop at the largest.
func count32(_ count: Int) -> UInt32 { UInt32(clamping: count) }
