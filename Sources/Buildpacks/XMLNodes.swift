internal import BuildModel
internal import Documents

/// XML of any origin as nodes: an element is a map of its attributes (`@name`) and children, or its text where it has none.
/// Children of one name make a list. Bounded in depth; entities other than the five of XML itself stay as they are written, so
/// none can grow.
struct XMLNodes {
    private final class Element {
        let name: String
        let line: Int
        var children: [(name: String, node: YAMLNode)] = []
        var text: [UInt8] = []

        init(name: String, line: Int) {
            self.name = name
            self.line = line
        }

        var node: YAMLNode {
            guard !children.isEmpty else {
                let text = String(decoding: text, as: UTF8.self).trimmed
                return YAMLNode(content: .scalar(XMLNodes.plain(text), isPlain: false), line: line, column: 1)
            }
            var entries: [YAMLNode.Entry] = []
            var positions: [String: Int] = [:]
            var lists: [Int: [YAMLNode]] = [:]
            for (name, node) in children {
                if let position = positions[name] {
                    lists[position, default: [entries[position].value]].append(node)
                } else {
                    positions[name] = entries.count
                    entries.append(YAMLNode.Entry(key: name, line: node.line, value: node))
                }
            }
            for (position, nodes) in lists {
                entries[position].value = YAMLNode(content: .sequence(nodes), line: entries[position].line, column: 1)
            }
            return YAMLNode(content: .mapping(entries), line: line, column: 1)
        }
    }

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1

    /// The document as a map with the root element in it.
    static func parse(_ bytes: [UInt8]) throws(JSONNodes.Problem) -> YAMLNode {
        var parser = XMLNodes(bytes: bytes)
        return try parser.document()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private func problem(_ reason: String) -> JSONNodes.Problem {
        JSONNodes.Problem(line: line, column: 1, reason: reason)
    }

    private mutating func document() throws(JSONNodes.Problem) -> YAMLNode {
        guard !bytes.contains(0) else { throw problem("it holds a NUL byte") }
        let root = Element(name: "", line: 1)
        var open = [root]
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "<") else {
                open[open.count - 1].text.append(bytes[index])
                advance(1)
                continue
            }
            if try skipAside(into: open[open.count - 1]) { continue }
            try tag(&open)
        }
        guard open.count == 1 else { throw problem("<\(open[open.count - 1].name.prefix(80))> is not closed") }
        guard !root.children.isEmpty else { throw problem("there is no element") }
        return root.node
    }

    private mutating func advance(_ count: Int) {
        let end = min(index + count, bytes.count)
        line += bytes[index..<end].count { $0 == 10 }
        index = end
    }

    /// Comments, instructions, declarations and literal text.
    private mutating func skipAside(into element: Element) throws(JSONNodes.Problem) -> Bool {
        let forms: [(start: String, end: String)] = [("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">")]
        for form in forms where bytes[index...].starts(with: form.start.utf8) {
            let start = index
            let end = Array(form.end.utf8)
            advance(form.start.utf8.count)
            while index < bytes.count, !bytes[index...].starts(with: end) { advance(1) }
            guard index < bytes.count else { throw problem("'\(form.start)' does not end") }
            if form.start.hasSuffix("[") { element.text += bytes[(start + 9)..<index] }
            advance(end.count)
            return true
        }
        return false
    }

    private mutating func tag(_ open: inout [Element]) throws(JSONNodes.Problem) {
        let start = line
        guard let content = try tagContent() else { throw problem("a tag does not end") }
        let name = String(decoding: content.prefix { !Self.isSpace($0) && $0 != UInt8(ascii: "/") }, as: UTF8.self)
        if content.first == UInt8(ascii: "/") {
            let name = String(decoding: content.dropFirst(), as: UTF8.self).trimmed
            guard open.count > 1, open[open.count - 1].name == name else {
                throw problem("</\(name.prefix(80))> closes nothing")
            }
            let closed = open.removeLast()
            open[open.count - 1].children.append((Self.local(closed.name), closed.node))
            return
        }
        guard !name.isEmpty else { throw problem("a name was expected") }
        guard open.count < JSONNodes.maximumDepth else { throw problem("it is nested too deep") }
        let element = Element(name: name, line: start)
        element.children = Self.attributes(content.dropFirst(name.utf8.count), line: start)
        if content.last == UInt8(ascii: "/") {
            open[open.count - 1].children.append((Self.local(name), element.node))
        } else {
            open.append(element)
        }
    }

    /// What is between `<` and `>`; a `>` in quotes does not end it.
    private mutating func tagContent() throws(JSONNodes.Problem) -> ArraySlice<UInt8>? {
        let start = index + 1
        var quote: UInt8?
        while index < bytes.count {
            let byte = bytes[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                defer { index += 1 }
                return bytes[start..<index]
            }
            advance(1)
        }
        return nil
    }

    private static func attributes(_ text: ArraySlice<UInt8>, line: Int) -> [(name: String, node: YAMLNode)] {
        var attributes: [(name: String, node: YAMLNode)] = []
        var rest = text
        while let equal = rest.firstIndex(of: UInt8(ascii: "=")) {
            let name = String(decoding: rest[..<equal], as: UTF8.self).trimmed
            let after = rest[(equal + 1)...].drop(while: isSpace)
            guard let quote = after.first, let end = after.dropFirst().firstIndex(of: quote) else { break }
            let value = plain(String(decoding: after[(after.startIndex + 1)..<end], as: UTF8.self))
            let node = YAMLNode(content: .scalar(value, isPlain: false), line: line, column: 1)
            attributes.append(("@\(name)", node))
            rest = after[(end + 1)...]
        }
        return attributes
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    /// The name without its namespace's prefix.
    private static func local(_ name: String) -> String { name.split(separator: ":").last.map(String.init) ?? name }

    private static func plain(_ text: String) -> String {
        guard text.contains("&") else { return text }
        return text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&apos;", with: "'").replacing("&amp;", with: "&")
    }
}
