extension Detector {
    /// A found path's facts: itself, its directory, its name without ending, and what Python calls it as a module.
    static func facts(_ name: String, path: String) -> [String: String] {
        let parts = path.split(separator: "/")
        let last = parts.last ?? ""
        let stem = last.lastIndex(of: ".").map { last[..<$0] } ?? last
        return [
            name: path,
            "\(name).directory": parts.dropLast().joined(separator: "/"),
            "\(name).above": parts.dropLast(2).joined(separator: "/"),
            "\(name).parent": parts.dropLast().last.map(String.init) ?? "",
            "\(name).stem": String(stem),
            "\(name).module": (parts.dropLast() + [stem]).joined(separator: "."),
        ]
    }

    static func or(_ names: [String]) -> String {
        guard names.count > 1, let last = names.last else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }
}
