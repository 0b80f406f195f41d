internal import BuildModel

extension Planner {
    /// A port that the start command writes out is the app's, if nobody says another.
    func port(_ listening: ListenAddress?) throws(BuildFailure) -> Int {
        if let port = options.port ?? settings.port { return port }
        guard let text = options.environment["PORT"] else { return listening?.port ?? rule.port }
        guard let port = Int(text), (1...65535).contains(port) else {
            throw .plan(.invalidRequest, "The variable PORT is '\(text.prefix(40))', which is no port (1 to 65535).")
        }
        return port
    }

    func warnings(of listening: ListenAddress?, _ port: Int) -> [String] {
        var warnings: [String] = []
        if let own = listening?.port, own != port {
            warnings.append(
                "The program listens on \(own), as its source or the start command says, but the app is asked on \(port). Let it take PORT."
            )
        }
        if listening?.isLocal == true {
            warnings.append(
                "The program listens on the container's own address alone, where nobody reaches it. Let it "
                    + "say 0.0.0.0."
            )
        }
        return warnings
    }
}
