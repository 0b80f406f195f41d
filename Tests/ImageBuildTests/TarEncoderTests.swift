import Testing

@testable import ImageBuild

/// The bytes of headers, field by field: POSIX.1-2017, pax, "ustar Interchange Format".
@Suite struct TarEncoderTests {
    @Test("every field of a plain header is where ustar has it")
    func plainHeader() {
        let entry = TarEntry.file(
            Array("app/run".utf8),
            mode: 0o755,
            size: 1234,
            ownership: .init(user: 1000, group: 8)
        )
        let header = TarEncoder.header(for: entry)
        #expect(header.count == 512)
        #expect(text(header, 0..<100) == "app/run")
        #expect(text(header, 100..<108) == "0000755")
        #expect(text(header, 108..<116) == "0001750")
        #expect(text(header, 116..<124) == "0000010")
        #expect(text(header, 124..<136) == "00000002322")
        #expect(text(header, 136..<148) == "00000000001")
        #expect(header[156] == UInt8(ascii: "0"))
        #expect(Array(header[157..<257]) == Array(repeating: 0, count: 100))
        #expect(Array(header[257..<265]) == Array("ustar\u{0}00".utf8))
        #expect(Array(header[265..<329]) == Array(repeating: 0, count: 64))
        #expect(text(header, 329..<337) == "0000000")
        #expect(Array(header[345..<512]) == Array(repeating: 0, count: 167))
    }

    @Test("the checksum is the sum of the header with spaces in its place")
    func checksum() {
        let header = TarEncoder.header(for: .symbolicLink(Array("a".utf8), to: Array("b".utf8), ownership: .root))
        var blank = header
        blank.replaceSubrange(148..<156, with: repeatElement(32, count: 8))
        let sum = blank.reduce(0) { $0 + Int($1) }
        #expect(text(header, 148..<154) == "00" + String(sum, radix: 8))
        #expect(Array(header[154..<156]) == [0, 32])
    }

    @Test("a directory ends in a slash, a link has its target and no size")
    func kinds() {
        let directory = TarEncoder.header(for: .directory(Array("app".utf8), ownership: .root))
        #expect(text(directory, 0..<100) == "app/")
        #expect(directory[156] == UInt8(ascii: "5"))
        let link = TarEncoder.header(for: .symbolicLink(Array("l".utf8), to: Array("to".utf8), ownership: .root))
        #expect(text(link, 157..<257) == "to")
        #expect(text(link, 100..<108) == "0000777")
        #expect(link[156] == UInt8(ascii: "2"))
    }

    @Test(
        "numbers that ustar cannot hold are in extended records, and only those",
        arguments: [
            (Int64(8_589_934_591), UInt32(2_097_151), ""),
            (8_589_934_592, 0, "19 size=8589934592\n"),
            (0, 2_097_152, "15 uid=2097152\n15 gid=2097152\n"),
        ]
    )
    func largeNumbers(size: Int64, id: UInt32, records: String) {
        let entry = TarEntry.file(Array("a".utf8), mode: 0o644, size: size, ownership: .init(user: id, group: id))
        let header = TarEncoder.header(for: entry)
        #expect(header.count == (records.isEmpty ? 512 : 1536))
        #expect((header[156] == UInt8(ascii: "x")) == !records.isEmpty)
        if !records.isEmpty {
            #expect(text(header, 512..<1024) == records)
            #expect(text(header, 124..<136) == "000000000" + String(records.utf8.count, radix: 8))
        }
    }

    @Test(
        "a record's length counts its own digits",
        arguments: [1, 80, 81, 82, 83, 84, 900, 980, 985, 986, 987, 988, 990, 4000]
    )
    func recordLengths(count: Int) throws {
        let path = Array("é".utf8) + Array(repeating: UInt8(ascii: "a"), count: count)
        let records = PaxRecords(for: .file(path, mode: 0o644, size: 0, ownership: .root), path: path).bytes
        let charset = "21 hdrcharset=BINARY\n"
        #expect(String(decoding: records, as: UTF8.self).hasPrefix(charset))
        let pathRecord = Array(records.dropFirst(charset.utf8.count))
        let length = try #require(Int(String(decoding: pathRecord.prefix { $0 != 32 }, as: UTF8.self)))
        #expect(length == pathRecord.count)
        #expect(Array(pathRecord.suffix(path.count + 6)) == Array("path=".utf8) + path + [10])
    }

    @Test("contents are filled up to whole blocks", arguments: [(0, 0), (1, 511), (511, 1), (512, 0), (513, 511)])
    func padding(size: Int64, count: Int) {
        #expect(TarEncoder.padding(after: size).count == count)
    }

    /// A field's text up to its NUL.
    private func text(_ header: [UInt8], _ range: Range<Int>) -> String {
        String(decoding: header[range].prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension TarEncoder {
    fileprivate static func header(for entry: TarEntry) -> [UInt8] {
        var bytes: [UInt8] = []
        append(headerOf: entry, to: &bytes)
        return bytes
    }

    fileprivate static func padding(after size: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        append(paddingAfter: size, to: &bytes)
        return bytes
    }
}
