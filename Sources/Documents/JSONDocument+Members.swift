internal import BuildModel

extension JSONDocument {
    /// The name of a member that an object has twice, at any depth; nil if there is none.
    ///
    /// Of such members one parser takes the first and another the last (RFC 8259, section 4): a text that more than one program acts by
    /// must not have any.
    ///
    /// - Parameter bytes: valid JSON.
    package static func repeatedMember(in bytes: [UInt8]) -> String? {
        var scanner = MemberScanner(bytes)
        return scanner.firstRepeated()
    }
}

/// Walks valid JSON and looks at names of members alone.
private struct MemberScanner {
    private let bytes: [UInt8]
    private var next = 0
    /// What is open: the names of an object so far, or nothing for an array.
    private var open: [Set<String>?] = []
    private var isBeforeName = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func firstRepeated() -> String? {
        while next < bytes.count {
            let byte = bytes[next]
            next += 1
            switch byte {
            case UInt8(ascii: "{"):
                open.append([])
                isBeforeName = true
            case UInt8(ascii: "["):
                open.append(nil)
                isBeforeName = false
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
            case UInt8(ascii: ","): isBeforeName = open.last.flatMap { $0 } != nil
            case UInt8(ascii: "\""):
                if let name = string(), open[open.count - 1]?.insert(name).inserted == false { return name }
            default: continue
            }
        }
        return nil
    }

    /// Passes a string whose first quote was read; returns it if it is a member's name.
    private mutating func string() -> String? {
        let start = next
        while next < bytes.count, bytes[next] != UInt8(ascii: "\"") {
            next += bytes[next] == UInt8(ascii: "\\") ? 2 : 1
        }
        let end = min(next, bytes.count)
        next = end + 1
        guard isBeforeName, !open.isEmpty else { return nil }
        isBeforeName = false
        return Self.name(bytes[start..<end])
    }

    private static func name(_ text: ArraySlice<UInt8>) -> String {
        let plain = String(decoding: text, as: UTF8.self)
        guard text.contains(UInt8(ascii: "\\")) else { return plain }
        return (try? JSONDocument.parse("[\"\(plain)\"]"))?.array?.first?.string ?? plain
    }
}
