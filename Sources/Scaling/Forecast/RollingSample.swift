/// The last so many numbers, with their quantiles at hand.
struct RollingSample: Sendable, Hashable {
    let capacity: Int
    /// In order of coming, the oldest at ``oldest`` once it is full.
    private var values: ContiguousArray<Double> = []
    private var oldest = 0
    private var sorted: ContiguousArray<Double> = []

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { values.count }

    /// - Parameter value: Not NaN.
    mutating func add(_ value: Double) {
        if values.count == capacity {
            sorted.remove(at: place(of: values[oldest]))
            values[oldest] = value
            oldest = (oldest + 1) % capacity
        } else {
            values.append(value)
        }
        sorted.insert(value, at: place(of: value))
    }

    /// Between the two values nearest to a share in `0...1`; `nil` while there is none.
    func quantile(_ share: Double) -> Double? {
        guard let last = sorted.indices.last else { return nil }
        let position = share * Double(last)
        let low = min(Int(position), last)
        let high = min(low + 1, last)
        return sorted[low] + (position - Double(low)) * (sorted[high] - sorted[low])
    }

    /// Of the first value that is not below.
    private func place(of value: Double) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
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
