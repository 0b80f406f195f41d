internal import BuildModel
internal import Platform

/// The variables of a step's command. Nothing of the worker's own environment is among them.
enum StepEnvironment {
    /// Where the proxy listens inside the step.
    static let proxyPort = 3128

    static func all(_ step: SandboxedStep, hasEgress: Bool, hasAuthorities: Bool) -> [String: String] {
        var variables = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "CI": "true",
        ]
        variables.merge(step.environment) { _, own in own }
        if hasEgress { variables.merge(proxy) { own, _ in own } }
        if hasAuthorities { variables.merge(authorities) { own, _ in own } }
        if hasEgress { tellMaven(&variables, own: step.environment["MAVEN_ARGS"]) }
        if hasEgress { tellJava(&variables, own: step.environment["JAVA_TOOL_OPTIONS"], trusts: hasAuthorities) }
        for (name, value) in step.secrets { variables[name] = value.exposed }
        return variables
    }

    /// What an image or a plan tells Maven stays, and with it global settings of its own, which know nothing of the proxy.
    private static func tellMaven(_ variables: inout [String: String], own: String?) {
        let words = own?.split(separator: " ") ?? []
        guard !words.contains(where: { $0 == "-gs" || $0.hasPrefix("--global-settings") }) else { return }
        let told = ["--global-settings \(StepFiles.mavenSettings)", own].compactMap { $0 }
        variables["MAVEN_ARGS"] = told.joined(separator: " ")
    }

    /// Every Java machine reads this variable: Maven's, Gradle's, and those that they start.
    private static func tellJava(_ variables: inout [String: String], own: String?, trusts: Bool) {
        var options = ["http", "https"].flatMap { scheme in
            ["-D\(scheme).proxyHost=127.0.0.1", "-D\(scheme).proxyPort=\(proxyPort)"]
        }
        options.append("-Dhttp.nonProxyHosts=")
        if trusts { options.append("-Djavax.net.ssl.trustStore=\(StepFiles.javaAuthorities)") }
        variables["JAVA_TOOL_OPTIONS"] = (options + [own].compactMap { $0 }).joined(separator: " ")
    }

    /// curl, pip, go, composer, bundler and git read most of them; npm, yarn, cargo, apt and maven have names of their own.
    private static var proxy: [String: String] {
        let url = "http://127.0.0.1:\(proxyPort)"
        var variables = [
            "npm_config_proxy": url, "npm_config_https_proxy": url, "npm_config_noproxy": "none",
            "YARN_HTTP_PROXY": url, "YARN_HTTPS_PROXY": url, "CARGO_HTTP_PROXY": url,
            "APT_CONFIG": StepFiles.aptConfiguration,
        ]
        for name in ["http_proxy", "https_proxy", "ftp_proxy", "all_proxy"] {
            variables[name] = url
            variables[name.uppercased()] = url
        }
        // Also what is on the node's own loopback, such as a mirror, is reached through the proxy.
        for name in ["no_proxy", "NO_PROXY"] { variables[name] = "" }
        return variables
    }

    /// One file for all, and each has a variable of its own for it.
    private static var authorities: [String: String] {
        let names = [
            "SSL_CERT_FILE", "CURL_CA_BUNDLE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
            "npm_config_cafile", "CARGO_HTTP_CAINFO", "GIT_SSL_CAINFO", "COMPOSER_CAFILE", "BUNDLE_SSL_CA_CERT",
            "AWS_CA_BUNDLE", "DENO_CERT",
        ]
        return Dictionary(uniqueKeysWithValues: names.map { ($0, StepFiles.authorities) })
    }
}
