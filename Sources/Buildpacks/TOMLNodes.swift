internal import Documents

/// The part of TOML 1.0 that manifests of languages use, as nodes that know their line. Dates and numbers stay text. Keys
/// that are set twice keep the first value: judging a manifest is its own tool's affair.
struct TOMLNodes {
    /// A table while it is being filled; nodes are values, and headers add to tables at any time.
    private final class Table {
        private(set) var entries: [(key: String, line: Int, value: Value)] = []
        private var positions: [String: Int] = [:]

        subscript(key: String) -> Value? { positions[key].map { entries[$0].value } }

        /// Adds a key; one that is there keeps its value.
        func add(_ key: String, line: Int, _ value: Value) {
            guard positions[key] == nil else { return }
            positions[key] = entries.count
            entries.append((key, line, value))
        }
    }

    /// The elements of an array of tables.
    private final class Tables {
        var elements: [Table] = []
    }

    private enum Value {
        case node(YAMLNode)
        case table(Table)
        case tables(Tables)
    }

    private var scanner: TOMLScanner
    private let root = Table()

    static func parse(_ bytes: [UInt8]) throws(JSONNodes.Problem) -> YAMLNode {
        var parser = TOMLNodes(scanner: TOMLScanner(bytes))
        try parser.document()
        return parser.node(parser.root, line: 1, depth: 0)
    }

    private init(scanner: TOMLScanner) {
        self.scanner = scanner
    }

    private mutating func document() throws(JSONNodes.Problem) {
        var current = root
        while true {
            scanner.skipBlank()
            guard scanner.next != nil else { return }
            if scanner.take("[") {
                let isArray = scanner.take("[")
                let path = try scanner.keys()
                guard scanner.take("]"), !isArray || scanner.take("]") else {
                    throw scanner.problem("']' was expected")
                }
                current = try table(at: path, in: root, isArrayElement: isArray)
            } else {
                let line = scanner.line
                let path = try scanner.keys()
                guard scanner.take("=") else { throw scanner.problem("'=' was expected") }
                let value = try scanner.value(depth: 0)
                let target = try table(at: Array(path.dropLast()), in: current, isArrayElement: false)
                if let key = path.last { target.add(key, line: line, .node(value)) }
            }
            try scanner.endLine()
        }
    }

    /// The table at `path`, made where it is not there.
    private func table(at path: [String], in start: Table, isArrayElement: Bool) throws(JSONNodes.Problem) -> Table {
        guard path.count < JSONNodes.maximumDepth else { throw scanner.problem("a key has too many parts") }
        var table = start
        for (position, key) in path.enumerated() {
            let isNewElement = isArrayElement && position == path.count - 1
            switch table[key] {
            case .table(let known): table = known
            case .tables(let known):
                if isNewElement { known.elements.append(Table()) }
                table = known.elements.last ?? table
            case .node: throw scanner.problem("'\(key.prefix(80))' is a value already, not a table")
            case nil:
                let made = Table()
                let list = Tables()
                list.elements = [made]
                table.add(key, line: scanner.line, isNewElement ? .tables(list) : .table(made))
                table = made
            }
        }
        return table
    }

    private func node(_ table: Table, line: Int, depth: Int) -> YAMLNode {
        let entries = table.entries.map { entry in
            let value =
                switch entry.value {
                case .node(let node): node
                case .table(let table): node(table, line: entry.line, depth: depth + 1)
                case .tables(let tables):
                    YAMLNode(
                        content: .sequence(tables.elements.map { node($0, line: entry.line, depth: depth + 1) }),
                        line: entry.line,
                        column: 1
                    )
                }
            return YAMLNode.Entry(key: entry.key, line: entry.line, value: value)
        }
        return YAMLNode(content: .mapping(entries), line: line, column: 1)
    }
}
