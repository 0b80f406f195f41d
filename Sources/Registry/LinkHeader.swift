internal import BuildModel
internal import HTTPTransport

/// The `Link` of a list that goes on: RFC 8288, section 3; distribution spec, "Listing Referrers".
enum LinkHeader {
    /// The URL with the relation `next`; nil if there is none.
    ///
    /// - Parameter hidesTLS: as `UploadLocation.resolve` has it.
    /// - Throws: `BuildFailure` with code `protocol_violation` if it leads to another origin or is no URL: the list is not whole then.
    static func next(_ fields: [String], from base: HTTPURL, hidesTLS: Bool = false) throws(BuildFailure) -> HTTPURL? {
        let next = fields.flatMap(links).first { $0.relations.contains("next") }
        guard let next else { return nil }
        let url = try UploadLocation.resolve(next.target, against: base, hidesTLS: hidesTLS)
        guard url.hasSameOrigin(as: base) else { throw elsewhere(url, base) }
        return url
    }

    private static func elsewhere(_ url: HTTPURL, _ base: HTTPURL) -> BuildFailure {
        BuildFailure(
            .platform,
            .protocolViolation,
            operation: "registry.location",
            message: "The list of \(base.redacted) goes on at \(url.redacted), another origin, which is not gone to. "
                + "Look at how the registry, and what stands before it, make the URLs of their answers."
        )
    }

    private static func links(_ field: String) -> [(target: String, relations: [String])] {
        var links: [(target: String, relations: [String])] = []
        var rest = field[...]
        while links.count < 32, let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            let target = String(rest[rest.index(after: open)..<close])
            rest = rest[rest.index(after: close)...]
            // A URL in another link's parameters is nothing that anybody sends.
            let parameters = rest.prefix { $0 != "<" }
            links.append((target, relations(parameters)))
        }
        return links
    }

    private static func relations(_ parameters: Substring) -> [String] {
        for part in parameters.split(whereSeparator: { $0 == ";" || $0 == "," }) {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].filter({ $0 != " " }).lowercased() == "rel" else { continue }
            let value = pair[1].filter { $0 != "\"" }
            return value.lowercased().split(separator: " ").map(String.init)
        }
        return []
    }
}
