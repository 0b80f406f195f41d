internal import Platform

/// What package managers read that have no variable for it.
extension StepFiles {
    static let aptConfiguration = "/run/slipway/apt.conf"
    static let mavenSettings = "/run/slipway/maven.xml"
    static let javaAuthorities = "/run/slipway/ca-certificates.jks"

    /// The authorities, as a text file for most and as a key store for Java.
    static func trusting(_ authorities: [UInt8]) -> [File] {
        [
            File(name: "authorities", path: Self.authorities, text: Redacted(authorities)),
            File(
                name: "authorities.jks",
                path: javaAuthorities,
                text: Redacted(JavaKeyStore.bytes(PEMCertificates.all(authorities)))
            ),
        ]
    }

    /// apt.conf(5) and Maven's settings reference.
    static func proxied(hasAuthorities: Bool) -> [File] {
        let port = StepEnvironment.proxyPort
        var apt =
            "Acquire::http::Proxy \"http://127.0.0.1:\(port)\";\nAcquire::https::Proxy \"http://127.0.0.1:\(port)\";\n"
        if hasAuthorities { apt += "Acquire::https::CAInfo \"\(authorities)\";\n" }
        let proxies = ["http", "https"].map { scheme in
            """
                <proxy><id>slipway-\(scheme)</id><active>true</active><protocol>\(scheme)</protocol>
                  <host>127.0.0.1</host><port>\(port)</port><nonProxyHosts></nonProxyHosts></proxy>
            """
        }
        let maven = "<settings>\n  <proxies>\n\(proxies.joined(separator: "\n"))\n  </proxies>\n</settings>\n"
        return [
            File(name: "apt.conf", path: aptConfiguration, text: Redacted(Array(apt.utf8))),
            File(name: "maven.xml", path: mavenSettings, text: Redacted(Array(maven.utf8))),
        ]
    }
}
