extension HTTPHeaders: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private static let secrets: Set<String> = ["authorization", "proxy-authorization", "cookie", "set-cookie"]

    /// The fields with the values of those that carry secrets shown as `***`.
    package var description: String {
        fields.map { "\($0.name): \(Self.secrets.contains($0.name.lowercased()) ? "***" : $0.value)" }
            .joined(separator: ", ")
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["fields": description]) }
}
