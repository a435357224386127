import Measurements

/// Families of metrics in the text format of Prometheus.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
struct MetricsPage {
    typealias Labels = [(String, String)]

    private(set) var text = ""
    private let namespace: String

    init(namespace: String) { self.namespace = namespace }

    mutating func gauge(_ name: String, _ help: String, _ samples: [(Labels, Double)]) { family(name, help, "gauge", samples) }
    mutating func counter(_ name: String, _ help: String, _ samples: [(Labels, Double)]) { family(name, help, "counter", samples) }

    /// - Parameter bounds: Ascending; the bucket of everything is added.
    mutating func histogram(_ name: String, _ help: String, bounds: [Double], _ samples: [(Labels, [Double])]) {
        let samples = samples.filter { !$0.1.isEmpty }
        guard !samples.isEmpty else { return }
        head(name, help, "histogram")
        for (labels, values) in samples {
            let sorted = values.sorted()
            var below = 0
            for bound in bounds {
                while below < sorted.count, sorted[below] <= bound { below += 1 }
                line(name + "_bucket", labels + [("le", number(bound))], String(below))
            }
            line(name + "_bucket", labels + [("le", "+Inf")], String(sorted.count))
            line(name + "_sum", labels, number(sorted.reduce(0, +)))
            line(name + "_count", labels, String(sorted.count))
        }
    }

    private mutating func family(_ name: String, _ help: String, _ type: String, _ samples: [(Labels, Double)]) {
        guard !samples.isEmpty else { return }
        head(name, help, type)
        for (labels, value) in samples { line(name, labels, number(value)) }
    }

    private mutating func head(_ name: String, _ help: String, _ type: String) {
        text += "# HELP \(namespace)_\(name) \(help)\n# TYPE \(namespace)_\(name) \(type)\n"
    }

    private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
        let list = labels.filter { !$0.1.isEmpty }.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        text += "\(namespace)_\(name)\(list.isEmpty ? "" : "{\(list)}") \(value)\n"
    }

    /// Whole numbers without a point, as other exporters write them.
    private func number(_ value: Double) -> String { Int64(exactly: value).map(String.init) ?? "\(value)" }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in ForeignText.printable(text).unicodeScalars {
            if scalar == "\\" || scalar == "\"" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}
