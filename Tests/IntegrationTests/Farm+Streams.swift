import BuildModel
import Documents
import TestSupport

extension Farm {
    /// The entries of a stream, each as its fields.
    func entries(_ stream: String) async throws -> [[String: String]] {
        let lines = try await primary().cli("--json", "XRANGE", stream, "-", "+")
        let entries = try JSONDocument.parse(lines.joined(separator: "\n")).array ?? []
        return entries.map { entry in
            let words = entry.array?.last?.array?.compactMap(\.string) ?? []
            var fields: [String: String] = [:]
            for index in stride(from: 0, to: words.count - 1, by: 2) { fields[words[index]] = words[index + 1] }
            return fields
        }
    }
}
