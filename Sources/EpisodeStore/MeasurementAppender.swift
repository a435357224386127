import FoundationEssentials
import GRDB
import Measurements

/// Writes the measurements of one import through one prepared statement.
final class MeasurementAppender {
    private(set) var count = 0
    private let database: Database
    private let importIdentifier: Int64
    private let statement: DirectStatement
    private var labels: [Label: Int64] = [:]
    private var latest: (label: Label, id: Int64)?

    private struct Label: Hashable {
        let model: String
        let provider: String
        let endpoint: String
    }

    init(_ database: Database, importIdentifier: Int64) throws {
        self.database = database
        self.importIdentifier = importIdentifier
        statement = try DirectStatement(
            database,
            """
            INSERT INTO measurement (import, label, \(MeasurementColumns.names))
            VALUES (?, ?, \(MeasurementColumns.placeholders))
            """)
    }

    func append(_ measurement: InferenceMeasurement) throws {
        let label = try identifier(of: measurement)
        statement.reset()
        statement.bind(importIdentifier, at: 1)
        statement.bind(label, at: 2)
        MeasurementColumns.bind(measurement, to: statement, from: 3)
        _ = try statement.step()
        count += 1
    }

    private func identifier(of measurement: InferenceMeasurement) throws -> Int64 {
        let label = Label(model: measurement.model, provider: measurement.provider, endpoint: measurement.endpoint)
        if let latest, latest.label == label { return latest.id }
        let id = try labels[label] ?? insert(label)
        labels[label] = id
        latest = (label, id)
        return id
    }

    private func insert(_ label: Label) throws -> Int64 {
        let arguments: StatementArguments = [label.model, label.provider, label.endpoint]
        try database.execute(
            sql: "INSERT INTO label (model, provider, endpoint) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", arguments: arguments)
        let sql = "SELECT id FROM label WHERE model = ? AND provider = ? AND endpoint = ?"
        guard let id = try Int64.fetchOne(database, sql: sql, arguments: arguments) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a label that was just written is not there")
        }
        return id
    }
}
