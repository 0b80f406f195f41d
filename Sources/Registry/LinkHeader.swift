internal import HTTPTransport

/// The `Link` of a list that goes on: RFC 8288, section 3; distribution spec, "Listing Referrers".
enum LinkHeader {
    /// The URL with the relation `next`; nil if there is none, or if it leads to another origin.
    static func next(_ fields: [String], from base: HTTPURL) -> HTTPURL? {
        for field in fields {
            for link in links(field) where link.relations.contains("next") {
                guard let url = try? UploadLocation.resolve(link.target, against: base), url.hasSameOrigin(as: base)
                else {
                    return nil
                }
                return url
            }
        }
        return nil
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
