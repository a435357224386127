import Synchronization
import TestSupport

/// A replica that shows a page of metrics.
final class Pod: Sendable {
    private let server: LoopbackServer
    private let text: Text

    private final class Text: Sendable { let value = Mutex("") }

    init() throws {
        let text = Text()
        self.text = text
        server = try LoopbackServer { _, writer in try writer.answer(200, text.value.withLock { $0 }) }
    }

    var page: String {
        get { text.value.withLock { $0 } }
        set { text.value.withLock { $0 = newValue } }
    }

    var url: String { server.url + "/metrics" }
    func stop() { server.stop() }
}
