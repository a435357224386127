import FoundationEssentials

/// Reference data that lies beside the checkout, for tests that use it where it is and say so where it is not.
public enum SharedData {
    /// The folder named by `AUTO_OPTIMIZER_SHARED`, or `../shared` seen from the checkout; `nil` where neither exists.
    public static let folder: String? = {
        let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let beside = checkout.deletingLastPathComponent().appending(path: "shared").path
        let named = ProcessInfo.processInfo.environment["AUTO_OPTIMIZER_SHARED"]
        return [named, beside].compactMap(\.self).first { FileManager.default.fileExists(atPath: $0) }
    }()

    public static var isPresent: Bool { folder != nil }

    /// The path of a file below the folder.
    public static func path(_ file: String) -> String { (folder ?? "../shared") + "/" + file }
}
