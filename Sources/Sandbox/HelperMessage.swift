/// What the helper says.
enum HelperMessage: Sendable, Equatable {
    /// The step starts; the descriptors of its changes and, where it has egress, of the listening socket.
    case ready(changes: Int32, listener: Int32)
    /// The runtime's own words.
    case trouble(String)
    /// The runtime got as far as starting the command.
    case started
    /// Bytes that a step without a disk of its own has written.
    case usage(Int64)
    /// It was ended because that was too much.
    case full
    /// It was ended because that cannot be told, and why.
    case unmeasured(String)
    /// The helper cannot go on.
    case failed(String)
    /// A counter's file and what it held.
    case count(file: String, text: String)
    /// Nothing of the step is left; the status that it ended with.
    case exit(Int32)

    init?(_ text: String, descriptors: (Int32, Int32)) {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = parts.count > 1 ? parts[1] : ""
        switch parts.first {
        case "ready": self = .ready(changes: descriptors.0, listener: descriptors.1)
        case "trouble": self = .trouble(rest)
        case "started": self = .started
        case "usage": self = .usage(Int64(rest) ?? 0)
        case "full": self = .full
        case "unmeasured": self = .unmeasured(rest)
        case "failed": self = .failed(rest)
        case "exit": self = .exit(Int32(rest) ?? 125)
        case "count":
            let fields = rest.split(separator: " ", maxSplits: 1).map(String.init)
            self = .count(file: fields.first ?? "", text: fields.count > 1 ? fields[1] : "")
        default: return nil
        }
    }
}
