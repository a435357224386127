import GRDB
public import Measurements

extension EpisodeStore {
    /// Hands out stored measurements one by one, oldest first, in memory that does not grow with their number.
    ///
    /// Measurements without a time come only where neither end is given, before the others.
    /// - Parameter since: The earliest time that is wanted.
    /// - Parameter until: The first time that is not wanted any more.
    /// - Parameter importIdentifier: Those of one import only, in the order of their source.
    /// - Parameter body: Called inside of a read transaction; what it throws ends the reading.
    public func forEachMeasurement(
        since: Timestamp? = nil, until: Timestamp? = nil, importIdentifier: Int64? = nil, _ body: (InferenceMeasurement) throws -> Void
    ) throws {
        var conditions: [String] = []
        var arguments = StatementArguments()
        func add(_ condition: String, _ value: Int64?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        add("measurement.time >= ?", since?.nanosecondsSinceEpoch)
        add("measurement.time < ?", until?.nanosecondsSinceEpoch)
        add("measurement.import = ?", importIdentifier)
        let sql = """
            SELECT \(MeasurementColumns.qualifiedNames), model, provider, endpoint
            FROM measurement JOIN label ON label.id = measurement.label
            \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
            ORDER BY \(importIdentifier == nil ? "measurement.time, measurement.id" : "measurement.id")
            """
        try read("read measurements of") { database in
            let rows = try Row.fetchCursor(database, sql: sql, arguments: arguments)
            while let row = try rows.next() {
                guard let measurement = MeasurementColumns.measurement(row) else {
                    throw StoreError.undecodable("a measurement", path: path, cause: "its row holds what this program never writes")
                }
                try body(measurement)
            }
        }
    }
}
