internal import BuildModel

/// Makes nodes of events: resolves aliases, refuses duplicate keys, and keeps to the bounds of `YAMLDocument`.
struct YAMLComposer {
    private let events: YAMLEventReader
    private let name: String
    private var anchors: [String: (node: YAMLNode, weight: Int)] = [:]
    private var nodes = 0

    init(events: YAMLEventReader, name: String) {
        self.events = events
        self.name = name
    }

    /// - Parameter isAlone: whether others behind it are refused; what stands there is not looked at otherwise.
    mutating func document(isAlone: Bool) throws(BuildFailure) -> YAMLNode {
        var root: YAMLNode?
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd: return root ?? YAMLNode(content: .mapping([]), line: 1, column: 1)
            case .streamStart, .documentEnd, .nothing: continue
            case .documentStart:
                guard root == nil else { throw invalid(event, "only one document is allowed here") }
                root = try node(try events.next(), depth: 0)
                if !isAlone, let root { return root }
            default: throw invalid(event, "a document was expected")
            }
        }
    }

    /// Every document of the stream, in order; empty ones are left out.
    mutating func documents() throws(BuildFailure) -> [YAMLNode] {
        var roots: [YAMLNode] = []
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd: return roots
            case .streamStart, .documentEnd, .nothing: continue
            case .documentStart:
                // An anchor is known in its own document alone.
                anchors = [:]
                let root = try node(try events.next(), depth: 0)
                if !root.isNull { roots.append(root) }
            default: throw invalid(event, "a document was expected")
            }
        }
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(BuildFailure) -> YAMLNode {
        guard depth < YAMLDocument.maximumDepth else {
            throw invalid(event, "it is nested more than \(YAMLDocument.maximumDepth) levels deep")
        }
        let before = nodes
        try count(1, at: event)
        let content: YAMLNode.Content
        switch event.kind {
        case .alias(let anchor): return try resolve(anchor, at: event)
        case .scalar(let text, let isPlain): content = .scalar(text, isPlain: isPlain)
        case .sequenceStart: content = .sequence(try sequence(depth: depth))
        case .mappingStart: content = .mapping(try mapping(depth: depth))
        default: throw invalid(event, "a value was expected")
        }
        let node = YAMLNode(content: content, line: event.line, column: event.column)
        if let anchor = event.anchor { anchors[anchor] = (node, nodes - before) }
        return node
    }

    private mutating func sequence(depth: Int) throws(BuildFailure) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { return elements }
            elements.append(try node(event, depth: depth + 1))
        }
    }

    private mutating func mapping(depth: Int) throws(BuildFailure) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var keys: Set<String> = []
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { return entries }
            guard case .scalar(let key, _) = event.kind else { throw invalid(event, "a key must be plain text") }
            guard keys.insert(key).inserted else { throw invalid(event, "the key '\(key)' is there twice") }
            let value = try node(try events.next(), depth: depth + 1)
            entries.append(YAMLNode.Entry(key: key, line: event.line, value: value))
        }
    }

    private mutating func resolve(_ anchor: String, at event: YAMLEvent) throws(BuildFailure) -> YAMLNode {
        guard let known = anchors[anchor] else { throw invalid(event, "there is no anchor '&\(anchor)' before this") }
        try count(known.weight, at: event)
        return known.node
    }

    private mutating func count(_ weight: Int, at event: YAMLEvent) throws(BuildFailure) {
        nodes += weight
        guard nodes <= YAMLDocument.maximumNodes else {
            throw invalid(event, "it has more than \(YAMLDocument.maximumNodes) values, counting aliases")
        }
    }

    private func invalid(_ event: YAMLEvent, _ reason: String) -> BuildFailure {
        YAMLDocument.invalid(name, line: event.line, column: event.column, reason)
    }
}
