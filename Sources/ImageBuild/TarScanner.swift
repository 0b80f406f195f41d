internal import Platform

/// Reads a tar piece by piece, more strictly than any unpacker: what they pass over is found here.
struct TarScanner {
    struct Entry {
        /// Without a leading `./` and a trailing slash.
        var path: [UInt8]
        /// As it is written.
        var writtenPath: [UInt8]
        var kind: UInt8
        var link: [UInt8]
    }

    private static let block = UstarHeader.blockSize

    private var pending: [UInt8] = []
    /// Bytes of content and padding that are to be passed over or collected.
    private var contentLeft: Int64 = 0
    private var paddingLeft: Int64 = 0
    /// The content of extended headers.
    private var collected: [UInt8]?
    private var collectedKind: UInt8 = 0
    private var nextPath: [UInt8]?
    private var nextLink: [UInt8]?
    private var nextSize: Int64?
    /// Blocks of zeros at the end so far.
    private var zeroBlocks = 0
    private(set) var problems: [String] = []
    /// Names of extended records that no layer should have, each once.
    private(set) var oddRecords: Set<String> = []

    /// Takes the next bytes; hands out entries as their headers come.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ visit: (Entry) -> Void) {
        var rest = unsafe bytes
        while rest.count > 0 {
            if contentLeft > 0 {
                let count = Int(min(contentLeft, Int64(rest.count)))
                if collected != nil, (collected?.count ?? 0) < 1 << 20 {
                    unsafe collected?.append(contentsOf: rest[..<count])
                }
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                contentLeft -= Int64(count)
                if contentLeft == 0 { endContent() }
            } else if paddingLeft > 0 {
                let count = Int(min(paddingLeft, Int64(rest.count)))
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                paddingLeft -= Int64(count)
            } else {
                let count = min(Self.block - pending.count, rest.count)
                unsafe pending.append(contentsOf: rest[..<count])
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                guard pending.count == Self.block else { continue }
                header(pending, visit)
                pending = []
            }
        }
    }

    /// What is wrong with the end; to be asked for when all bytes were fed.
    mutating func finish() -> [String] {
        if !pending.isEmpty || contentLeft > 0 { problems.append("it ends inside an entry") }
        if paddingLeft > 0 { problems.append("it ends inside a block") }
        if zeroBlocks < 2 { problems.append("it does not end with two blocks of zeros") }
        return problems
    }

    private mutating func header(_ block: [UInt8], _ visit: (Entry) -> Void) {
        if block.allSatisfy({ $0 == 0 }) {
            zeroBlocks += 1
            return
        }
        if zeroBlocks > 0 { note("there are entries after its end") }
        zeroBlocks = 0
        let sum = block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        guard Self.number(block[148..<156]) == Int64(sum) else { return note("a header has a wrong checksum") }
        let kind = block[156] == 0 ? UInt8(ascii: "0") : block[156]
        let size = (kind == 0x78 || kind == 0x67 ? nil : nextSize) ?? Self.number(block[124..<136]) ?? 0
        let holdsContent = ![0x31, 0x32, 0x33, 0x34, 0x35, 0x36].contains(kind)
        contentLeft = holdsContent ? size : 0
        paddingLeft = holdsContent ? (512 - size % 512) % 512 : 0
        switch kind {
        case 0x78, 0x67, 0x4c, 0x4b:
            if kind == 0x67 { oddRecords.insert("global extended header") }
            (collected, collectedKind) = ([], kind)
            // Nothing comes that could end it, and what follows is another entry's.
            if contentLeft == 0 { endContent() }
        default:
            let path = nextPath ?? Self.path(block)
            let link = nextLink ?? Self.text(block[157..<257])
            (nextPath, nextLink, nextSize) = (nil, nil, nil)
            if kind == 0x53 { oddRecords.insert("a sparse file of GNU tar") }
            visit(Entry(path: Self.normal(path), writtenPath: path, kind: kind, link: link))
        }
    }

    private mutating func endContent() {
        guard let content = collected else { return }
        collected = nil
        switch collectedKind {
        case 0x4c: nextPath = Array(content.prefix { $0 != 0 })
        case 0x4b: nextLink = Array(content.prefix { $0 != 0 })
        default: records(content)
        }
    }

    private mutating func records(_ content: [UInt8]) {
        var rest = content[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != 0x20 }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 1,
                length <= rest.count
            else { return note("an extended header is damaged") }
            let record = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
            rest = rest.dropFirst(length)
            let key = record.prefix { $0 != 0x3d }
            let value = Array(record.dropFirst(key.count + 1))
            guard collectedKind == 0x78 else { continue }
            let name = String(decoding: key, as: UTF8.self)
            if !value.isEmpty { checkValue(value, of: name) }
            switch name {
            // A record without a value takes back what stood before it: POSIX.1-2017, pax, "pax Extended Header".
            case "path": nextPath = value.isEmpty ? nil : value
            case "linkpath": nextLink = value.isEmpty ? nil : value
            case "size": nextSize = Int64(String(decoding: value, as: UTF8.self))
            case "atime", "ctime": oddRecords.insert(name)
            case _ where name.hasPrefix("GNU.sparse."): oddRecords.insert("GNU.sparse")
            default: break
            }
        }
    }

    /// Readers refuse all of a tar for one record that cannot be what its name says.
    private mutating func checkValue(_ value: [UInt8], of key: String) {
        switch key {
        case "path", "linkpath", "uname", "gname":
            if value.contains(0) { note("an extended record '\(key)' has a NUL byte") }
        case "size", "uid", "gid":
            if Int64(String(decoding: value, as: UTF8.self)) ?? -1 < 0 {
                note("an extended record '\(key)' is no number")
            }
        case "mtime", "atime", "ctime":
            if !Self.isTime(value) { note("an extended record '\(key)' is no time") }
        default: break
        }
    }

    /// Seconds, with a fraction or without.
    private static func isTime(_ value: [UInt8]) -> Bool {
        let parts = value.split(separator: 0x2e, maxSplits: 1, omittingEmptySubsequences: false)
        let seconds = parts[0].first == 0x2d ? parts[0].dropFirst() : parts[0]
        let digits = seconds + (parts.count > 1 ? parts[1] : [])
        return (1...18).contains(seconds.count) && digits.allSatisfy { (0x30...0x39).contains($0) }
    }

    private mutating func note(_ problem: String) {
        if !problems.contains(problem) { problems.append(problem) }
    }

    private static func path(_ block: [UInt8]) -> [UInt8] {
        let prefix = Array(block[257..<263]) == Array("ustar\u{0}".utf8) ? text(block[345..<500]) : []
        let name = text(block[0..<100])
        return prefix.isEmpty ? name : prefix + [LayerPath.slash] + name
    }

    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// Octal digits, or GNU's binary form for what they cannot hold.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        if let first = field.first, first & 0x80 != 0 {
            return field.dropFirst().suffix(8).reduce(0) { $0 << 8 | Int64($1) }
        }
        let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
        return digits.count > 12 ? nil : digits.reduce(0) { $0 << 3 | Int64($1 - 0x30) }
    }

    static func normal(_ path: [UInt8]) -> [UInt8] {
        var path = path[...]
        while path.starts(with: [0x2e, LayerPath.slash]) { path = path.dropFirst(2) }
        while path.last == LayerPath.slash { path.removeLast() }
        return path == [0x2e] ? [] : Array(path)
    }
}
