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
    private enum CodingKeys: String, CodingKey { case capacity, values, oldest }

    /// - Throws: Where the capacity is out of `1...100000`, there are more values, or the oldest is none of them.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let capacity = try container.decode(Int.self, forKey: .capacity)
        let values = try container.decode([Double].self, forKey: .values)
        let oldest = try container.decode(Int.self, forKey: .oldest)
        let isFull = values.count == capacity
        guard (1...100_000).contains(capacity), values.count <= capacity, values.allSatisfy(\.isFinite),
            isFull ? values.indices.contains(oldest) : oldest == 0
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .values, in: container,
                debugDescription: "expected at most \(capacity) finite values of which \(oldest) is the oldest, and room for 1 to 100000")
        }
        self.init(capacity: capacity)
        self.values = ContiguousArray(values)
        self.oldest = oldest
    }

    /// As they lie, so that sums over them are the same to the last bit.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(capacity, forKey: .capacity)
        try container.encode(Array(values), forKey: .values)
        try container.encode(oldest, forKey: .oldest)
    }
}
