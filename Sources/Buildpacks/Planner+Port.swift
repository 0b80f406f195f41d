internal import BuildModel

extension Planner {
    /// Where the app is asked, and who says so. A port that the start command writes out is the app's, if nobody says another.
    func port(_ listening: ListenAddress) throws(BuildFailure) -> (number: Int, source: String) {
        if let port = options.port { return (port, "request") }
        if let port = settings.port { return (port, AppSettings.fileName) }
        guard let text = options.environment["PORT"] else {
            return listening.port.map { ($0, listening.source) } ?? (rule.port, "default")
        }
        guard let port = Int(text), (1...65535).contains(port) else {
            throw .plan(.invalidRequest, "The variable PORT is '\(text.prefix(40))', which is no port (1 to 65535).")
        }
        return (port, "variable PORT")
    }

    func warnings(of listening: ListenAddress, _ port: Int) -> [String] {
        var warnings: [String] = []
        if let own = listening.port, own != port {
            warnings.append(
                "The program listens on \(own), as \(listening.source) says, but the app is asked on \(port). Let it take PORT."
            )
        }
        if port < 1024 {
            warnings.append(
                "The app is asked on \(port): not every cluster lets a program that is not root listen below 1024. Let it take PORT."
            )
        }
        if listening.isLocal {
            warnings.append(
                "The program listens on the container's own address alone, where nobody reaches it. Let it "
                    + "say 0.0.0.0."
            )
        }
        return warnings
    }
}
