internal import BuildModel
internal import Platform

/// Small files that a step sees and cannot change: names of hosts, authorities, secrets. They are on a tmpfs of the helper's.
struct StepFiles {
    struct File {
        /// In the helper's directory.
        var name: String
        /// In the step.
        var path: String
        var text: Redacted<[UInt8]>
    }

    private(set) var all: [File] = []

    static let authorities = "/run/slipway/ca-certificates.crt"

    /// - Parameters:
    ///   - authorities: PEM; nil for a step without egress, or a node without any.
    ///   - hasEgress: whether the step has a proxy to tell package managers of.
    /// - Throws: `BuildFailure` if a secret's name is none of a variable.
    init(_ step: SandboxedStep, authorities: [UInt8]?, hasEgress: Bool) throws(BuildFailure) {
        let hosts = "127.0.0.1 localhost \(RuntimeConfiguration.hostName)\n::1 localhost\n"
        let image = try Self.view(of: step.lowers)
        try add("hosts", hosts, to: image)
        try add("resolv.conf", "# Names are resolved by the proxy.\n", to: image)
        if let authorities { all += Self.trusting(authorities) }
        if hasEgress { all += Self.proxied(hasAuthorities: authorities != nil) }
        for (name, value) in step.secrets.sorted(by: { $0.key < $1.key }) {
            guard Self.isVariable(name), !value.exposed.utf8.contains(0) else {
                throw BuildFailure(
                    .code,
                    .invalidRequest,
                    operation: "sandbox.secrets",
                    message:
                        "'\(name)' cannot be a secret of a step: it is no name of a variable, or its value holds NUL."
                )
            }
            let text = Redacted(Array(value.exposed.utf8))
            all.append(File(name: "secret-\(name)", path: "/run/secrets/\(name)", text: text))
        }
    }

    /// A file of `/etc`. A link in an image leads where the image says, and would have a file made there: such an image keeps its own.
    private mutating func add(_ name: String, _ text: String, to image: OverlayView) throws(BuildFailure) {
        let etc = try image.place(at: [Array("etc".utf8)])
        let own = try image.place(at: [Array("etc".utf8), Array(name.utf8)])
        guard etc == nil || etc?.status.kind == .directory, own == nil || own?.status.kind == .file else { return }
        all.append(File(name: name, path: "/etc/\(name)", text: Redacted(Array(text.utf8))))
    }

    /// What a step would see of its lowers.
    static func view(of lowers: [String]) throws(BuildFailure) -> OverlayView {
        var layers: [DirectoryHandle] = []
        for lower in lowers { layers.append(try DirectoryHandle(path: lower)) }
        return OverlayView(layers, attributes: SystemInformation.isRoot ? .trusted : .user)
    }

    static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 128, !(48...57).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            byte == 95 || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
    }

    /// What the helper reads behind the configuration: name and length of each, ended by NUL, and its bytes.
    var stream: [UInt8] {
        var bytes: [UInt8] = []
        for file in all {
            bytes += Array("\(file.name)\0\(file.text.exposed.count)\0".utf8)
            bytes += file.text.exposed
        }
        return bytes
    }
}
