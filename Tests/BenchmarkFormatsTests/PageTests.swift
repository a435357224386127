import BenchmarkResults
import Foundation
import Measurements
import TestSupport
import Testing

@testable import BenchmarkFormats

@Suite struct PageTests {
    static let runs = [SampleRuns.plain, SampleRuns.sweep, SampleRuns.hostile, SampleRuns.empty]

    private func page(_ run: BenchmarkRun) -> String { ResultsPage(run, BenchmarkSummary(run)).html }

    @Test("the page needs nothing from anywhere and allows no script", arguments: runs.indices)
    func selfContained(index: Int) {
        let html = page(Self.runs[index])
        #expect(html.hasPrefix("<!doctype html>") && html.contains("default-src 'none'"))
        for outside in ["<script", "<link", "<img", "@import", "url(", "src="] {
            let isThere = html.contains(outside)
            #expect(!isThere, "\(outside)")
        }
    }

    @Test("hostile names are text and nothing else, and secrets of an address are not in it")
    func escaped() {
        let html = page(SampleRuns.hostile)
        let isEscaped = html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;") && !html.contains("secretword")
        #expect(isEscaped)
        let isObeyed = html.unicodeScalars.contains("\u{202E}") || html.unicodeScalars.contains("\u{1B}")
        #expect(!isObeyed)
    }

    @Test("no figure of the page is NaN or infinite", arguments: runs.indices)
    func finite(index: Int) {
        let html = page(Self.runs[index]).lowercased()
        for word in ["\"nan\"", "\"inf\"", "\"-inf\"", ",nan", "nan,", "inf,", ">nan<"] {
            let isThere = html.contains(word)
            #expect(!isThere, "\(word)")
        }
    }

    @Test("every tag that is opened is closed", arguments: runs.indices)
    func wellFormed(index: Int) {
        var open: [String] = []
        for match in page(Self.runs[index]).matches(of: #/<(/?)([a-zA-Z!0-9]+)[^>]*?(/?)>/#) {
            let tag = String(match.2)
            if ["meta", "!doctype"].contains(tag) || !match.3.isEmpty { continue }
            if match.1.isEmpty { open.append(tag) } else { #expect(open.popLast() == tag) }
        }
        #expect(open.isEmpty, "\(open)")
    }

    @Test("charts say in words what they show; a sweep has the curve of its loads")
    func accessible() {
        let html = page(SampleRuns.sweep)
        let charts = html.components(separatedBy: "<svg ").dropFirst()
        #expect(charts.count == 1 + 3 * 3)
        #expect(charts.allSatisfy { $0.contains("role=\"img\" aria-label=\"") && $0.contains("<title>") })
        let curve = String(charts.first?.prefix(300) ?? "")
        #expect(curve.contains("Latency over requests sent per second; at 4.99: TTFT p50 152 ms"), "\(curve)")
    }

    @Test("a page of many requests stays small")
    func bounded() {
        let stage = SampleRuns.stage("long", OfferedLoad(shape: .constant, requestsPerSecond: 10), requests: 3_000)
        let run = SampleRuns.run(stages: [stage])
        #expect(page(run).utf8.count < 200_000)
    }

    @Test("a browser shows every chart and the text it was given", .enabled(if: Browser.isInstalled, "needs chromium"))
    func browser() throws {
        let html = page(SampleRuns.hostile).replacing("</main>", with: "</main><script>document.title='obeyed'</script>")
        let shown = try Browser.document(html)
        #expect(!shown.contains("<title>obeyed"), "the page's policy forbids scripts, even its own")
        #expect(try Browser.document(page(SampleRuns.sweep)).components(separatedBy: "<svg ").count == 11)
    }
}

/// A real browser, as the judge of our pages.
enum Browser {
    static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    /// The document as the browser has it after loading a page.
    static func document(_ html: String) throws -> String {
        let folder = try TemporaryFolder()
        let path = try folder.write("page.html", html)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/chromium")
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--user-data-dir=\(folder.path)/profile",
            "--dump-dom",
            "file://\(path)",
        ]
        process.environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin", "TMPDIR": folder.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self)
    }
}
