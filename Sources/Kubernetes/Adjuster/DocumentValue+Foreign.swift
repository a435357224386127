import Documents
import Measurements

extension DocumentValue {
    /// The text at the end of a path as somebody else wrote it, made fit for people and logs: printable, without secrets, at most 300
    /// characters; empty where there is none.
    func foreignText(_ path: String...) -> String {
        guard let text = self[path]?.text else { return "" }
        let line = ForeignText.withoutSecrets(ForeignText.printable(String(text.prefix(1_000))))
        return line.count > 300 ? line.prefix(300) + "…" : line
    }
}
