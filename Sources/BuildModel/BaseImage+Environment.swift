extension BaseImage {
    /// The variables that the image's config gives to what runs in it: OCI image spec, config.md, `Env`.
    package var environment: [String: String] {
        var variables: [String: String] = [:]
        for entry in config["config"]?["Env"]?.array?.compactMap(\.string) ?? [] {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 2 { variables[parts[0]] = parts[1] }
        }
        return variables
    }
}
