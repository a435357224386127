/// The last so many numbers.
struct RollingSample: Sendable, Hashable {
    let capacity: Int
    /// The oldest is at ``oldest`` once it is full.
    private(set) var values: ContiguousArray<Double> = []
    private var oldest = 0

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { values.count }

    /// - Parameter value: Finite.
    mutating func add(_ value: Double) {
        if values.count < capacity {
            values.append(value)
        } else {
            values[oldest] = value
            oldest = (oldest + 1) % capacity
        }
    }
}

extension RollingSample: Codable {
    private enum CodingKeys: String, CodingKey { case capacity, values }

    /// - Throws: Where the capacity is out of `1...100000`, or a value no number.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let capacity = try container.decode(Int.self, forKey: .capacity)
        let values = try container.decode([Double].self, forKey: .values)
        guard (1...100_000).contains(capacity), values.count <= capacity, values.allSatisfy(\.isFinite) else {
            throw DecodingError.dataCorruptedError(
                forKey: .values, in: container, debugDescription: "expected at most \(capacity) finite values, and room for 1 to 100000")
        }
        self.init(capacity: capacity)
        for value in values { add(value) }
    }

    /// The oldest value first.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(capacity, forKey: .capacity)
        try container.encode(Array(values[oldest...] + values[..<oldest]), forKey: .values)
    }
}
