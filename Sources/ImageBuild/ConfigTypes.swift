internal import BuildModel
internal import Platform

/// What is of another type in an image's config than it has to be: OCI image spec, config.md, "Properties". Unpackers written in Go
/// read it into structures and refuse all of it then.
struct ConfigTypes {
    /// One sentence each.
    private(set) var problems: [String] = []

    /// What a property may be beside null, which counts as absent.
    private enum Form: String {
        case text = "text"
        case texts = "a list of texts"
        case set = "an object of objects"
        case labels = "an object of texts"
        case time = "a time (RFC 3339)"
        case truth = "true or false"

        func admits(_ value: JSONValue) -> Bool {
            switch self {
            case .text: value.string != nil
            case .texts: value.array?.allSatisfy { $0.string != nil } ?? false
            case .set: value.object?.values.allSatisfy { $0.object != nil || $0 == .null } ?? false
            case .labels: value.object?.values.allSatisfy { $0.string != nil } ?? false
            case .time: value.string.map(Self.isTime) ?? false
            case .truth: value.bool != nil
            }
        }

        private static func isTime(_ text: String) -> Bool {
            // Go takes capital letters alone.
            guard text.utf8.dropFirst(10).first == UInt8(ascii: "T"), !text.hasSuffix("z") else { return false }
            return Timestamp.seconds(parsing: text) != nil
        }
    }

    private static let image: [(String, Form)] = [
        ("created", .time), ("author", .text), ("architecture", .text), ("os", .text), ("os.version", .text),
        ("os.features", .texts), ("variant", .text),
    ]
    private static let run: [(String, Form)] = [
        ("User", .text), ("ExposedPorts", .set), ("Env", .texts), ("Entrypoint", .texts), ("Cmd", .texts),
        ("Volumes", .set), ("WorkingDir", .text), ("Labels", .labels), ("StopSignal", .text),
    ]
    private static let entry: [(String, Form)] = [
        ("created", .time), ("author", .text), ("created_by", .text), ("comment", .text), ("empty_layer", .truth),
    ]

    private static let root: [(String, Form)] = [("type", .text), ("diff_ids", .texts)]

    init(of config: JSONValue) { look(at: config) }

    private mutating func look(at config: JSONValue) {
        guard config.object != nil else { return problems.append("it is no object") }
        check(config, Self.image, in: "")
        for (name, properties) in [("config", Self.run), ("rootfs", Self.root)] {
            guard let value = config[name], value != .null else { continue }
            check(value, properties, in: "\(name).")
        }
        guard let history = config["history"], history != .null else { return }
        guard let entries = history.array else { return problems.append("'history' is no list") }
        for (number, each) in entries.enumerated() {
            check(each, Self.entry, in: "history[\(number)].")
        }
    }

    /// - Parameter place: of the object in the config, with what stands before its properties' names.
    private mutating func check(_ object: JSONValue, _ properties: [(String, Form)], in place: String) {
        guard object.object != nil || object == .null else {
            return problems.append("'\(place.dropLast())' is no object")
        }
        for (name, form) in properties {
            guard let value = object[name], value != .null, !form.admits(value) else { continue }
            problems.append("'\(place)\(name)' is not \(form.rawValue)")
        }
    }
}
