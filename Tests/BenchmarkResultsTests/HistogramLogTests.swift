import Foundation
import Measurements
import Statistics
import TestSupport
import Testing

@testable import BenchmarkResults

@Suite struct HistogramLogTests {
    @Test("reads back as it was written")
    func roundTrip() throws {
        let log = HistogramLog(RunMaker.run([RunMaker.noisyStage(300, label: "8 requests/s, cap 4")]))
        #expect(log.entries.map(\.tag).contains("8_requests/s__cap_4/ttft"))
        #expect(try HistogramLog(text: log.text).entries.map(\.histogram) == log.entries.map(\.histogram))
        #expect(try HistogramLog(text: log.text).text == log.text)
    }

    @Test("two logs merge into that of all their requests")
    func merge() throws {
        let all = RunMaker.noisyStage(400).records
        func log(_ records: ArraySlice<RequestRecord>) -> HistogramLog {
            HistogramLog(RunMaker.run([RunMaker.stage(Array(records), label: "s", rate: 8)]))
        }
        var merged = try HistogramLog(text: log(all[..<150]).text)
        merged.merge(try HistogramLog(text: log(all[150...]).text))
        #expect(merged.entries.map(\.histogram) == log(all[...]).entries.map(\.histogram))
        #expect(merged.entries.first { $0.tag == "s/ttft" }?.histogram.totalCount == 400)
    }

    @Test("reads what another writer compressed", .enabled(if: Python.has("zlib"), "needs python3"))
    func compressedByOthers() throws {
        let log = HistogramLog(RunMaker.run([RunMaker.noisyStage(300)]))
        let script = """
            import sys, zlib, base64, struct
            for line in sys.stdin:
                if line.startswith('Tag='):
                    head, packed = line.strip().rsplit(',', 1)
                    raw = base64.b64decode(packed)
                    cookie, length = struct.unpack('>II', raw[:8])
                    assert cookie == 0x1c849314 and length == len(raw) - 8
                    plain = zlib.decompress(raw[8:])
                    inner, payload, offset, digits, low, high, ratio = struct.unpack('>IIIIQQd', plain[:40])
                    assert inner == 0x1c849313 and payload == len(plain) - 40 and digits == 3 and low == 1 and ratio == 1.0
                    for level in (1, 6, 9):
                        tight = zlib.compress(plain, level)
                        print(head + ',' + base64.b64encode(struct.pack('>II', cookie, len(tight)) + tight).decode())
            """
        let text = String(decoding: try Python.run(script, input: log.text), as: UTF8.self)
        let read = try HistogramLog(text: text)
        for entry in log.entries {
            var tripled = entry.histogram
            tripled.merge(entry.histogram)
            tripled.merge(entry.histogram)
            #expect(read.entries.first { $0.tag == entry.tag }?.histogram == tripled)
        }
    }

    /// `pip install hdrhistogram`: the Python port by the HdrHistogram project.
    @Test("HdrHistogram's own reader finds our counts and percentiles", .enabled(if: Python.has("hdrh"), "needs python3 with hdrhistogram"))
    func readByHdrHistogram() throws {
        let log = HistogramLog(RunMaker.run([RunMaker.noisyStage(300)]))
        let script = """
            import sys, json
            from hdrh.histogram import HdrHistogram
            found = {}
            for line in sys.stdin:
                if line.startswith('Tag='):
                    tag, _, _, _, packed = line.strip().split(',')
                    histogram = HdrHistogram.decode(packed)
                    found[tag[4:]] = [histogram.get_total_count(), histogram.get_value_at_percentile(50), histogram.get_value_at_percentile(99)]
            print(json.dumps(found))
            """
        let output = try Python.run(script, input: log.text)
        let found = try JSONDecoder().decode([String: [Int64]].self, from: output)
        #expect(found.count == log.entries.count)
        for entry in log.entries {
            let theirs = try #require(found[entry.tag])
            #expect(theirs[0] == entry.histogram.totalCount, "\(entry.tag)")
            #expect(theirs[1] == entry.histogram.value(at: .p50) && theirs[2] == entry.histogram.value(at: .p99), "\(entry.tag)")
        }
    }

    @Test("what is no log is refused with its line, and changed bytes never trap")
    func hostile() throws {
        #expect(throws: HistogramLogError(line: 1, "expected a start, a length, a maximum and a histogram, found 1 fields")) {
            try HistogramLog(text: "hello")
        }
        #expect(throws: HistogramLogError.self) { try HistogramLog(text: "Tag=a,0,1,2,!!!!") }
        let bytes = [UInt8](Zlib.stored((0..<300).map { UInt8($0 % 7) }))
        var generator = SplitMix64(seed: 4)
        for _ in 0..<5_000 {
            var changed = bytes
            for _ in 0..<2 { changed[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next()) }
            if let plain = try? Zlib.inflate(changed[...], limit: 1_000) { #expect(plain.count <= 1_000) }
        }
        for _ in 0..<5_000 {
            // A made-up block behind a valid header.
            let noise = [0x78, 0x01] + (0..<60).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            if let plain = try? Zlib.inflate(noise[...], limit: 1_000) { #expect(plain.count <= 1_000) }
        }
        #expect(throws: ZlibError.tooLarge) { try Zlib.inflate(bytes[...], limit: 100) }
    }
}
