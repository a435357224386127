import Foundation
import Importing

/// Shows on standard error how far a long import has come: in place on a terminal, a line every ten percent elsewhere.
final class ImportProgressLine {
    private let file: String
    private let isTerminal = Terminal.errorIsTerminal
    private var shownTenths = 0
    private var isDrawn = false

    /// Imports of files smaller than this end before anyone asks.
    private static let quietBytes = 64 << 20

    init(file: String) { self.file = file }

    func show(_ progress: ImportProgress) {
        guard progress.totalBytes >= Self.quietBytes else { return }
        let tenths = progress.bytesRead * 10 / progress.totalBytes
        let text = "\(file): \(progress.bytesRead >> 20) of \(progress.totalBytes >> 20) MiB, \(progress.recordsRead) records"
        if isTerminal {
            Terminal.standardError("\r\u{1B}[2K\(text)")
            isDrawn = true
        } else if tenths > shownTenths {
            shownTenths = tenths
            Terminal.standardError(text + "\n")
        }
    }

    /// Removes a line drawn in place.
    func end() {
        if isDrawn { Terminal.standardError("\r\u{1B}[2K") }
    }
}
