extension SettingKey {
    /// The build, the repositories it takes, and the rules that read them.
    static let sources: [SettingKey] = [
        SettingKey(
            "build.timeoutSeconds",
            .integer(1...86400, unit: "seconds"),
            default: "1800",
            "How long one attempt may take when the request does not say, until its image is pushed; "
                + "kubernetes.rolloutSeconds bounds what follows."
        ),
        SettingKey(
            "build.drainSeconds",
            .integer(0...86400, unit: "seconds"),
            default: "1800",
            "How long running builds may go on after the worker was asked to stop; then they are given back to the queue."
        ),
        SettingKey(
            "git.allowedHosts",
            .list(.hostPattern),
            or: "every host",
            example: "git.example.org,*.example.com",
            "The only hosts that repositories may be fetched from."
        ),
        SettingKey(
            "git.allowFile",
            .bool,
            default: "false",
            "Whether file:// URLs are allowed. Any tenant could then read every repository that the worker can read."
        ),
        SettingKey(
            "git.submodules",
            .choice(["anonymous", "trusted", "refuse"]),
            default: "anonymous",
            "How submodules are fetched, whose URLs the repository chooses: over https without any credential, from the repository's own host or those of git.allowedHosts; or as the repository itself, with the worker's credentials, so that every tenant's repository may have the files of every other; or not at all."
        ),
        SettingKey(
            "git.lfs",
            .choice(["fetch", "refuse", "keep"]),
            default: "fetch",
            "What becomes of files in Git LFS: they are fetched from the repository's own host, or from those of git.allowedHosts, and stand in the image; or a revision with one cannot be built; or the image has git's pointers."
        ),
        SettingKey(
            "git.credentials",
            .credentials,
            or: "none",
            example: "git.example.org=deploy:/etc/slipway/git-token",
            isSecretFile: true,
            "Who the worker is at hosts that ask. A host stands for https and ssh on the usual port; another port is written with it, and http:// in front of it lets the password go unencrypted."
        ),
        SettingKey(
            "git.sshKeyFile",
            .text(.path),
            or: "the ssh agent",
            example: "/etc/slipway/id_ed25519",
            isSecretFile: true,
            "The private key for repositories over ssh."
        ),
        SettingKey(
            "git.knownHostsFile",
            .text(.path),
            or: "~/.ssh/known_hosts",
            example: "/etc/slipway/known_hosts",
            "The host keys that are trusted over ssh; a host that is not in it is refused."
        ),
        SettingKey(
            "git.certificateAuthorityFile",
            .text(.path),
            or: "the system's authorities",
            example: "/etc/slipway/git-ca.pem",
            "Certificate authorities (PEM) that are trusted over https."
        ),
        SettingKey(
            "git.maximumBytes",
            .integer(1_048_576...1_099_511_627_776, unit: "bytes"),
            default: "2147483648",
            "The most bytes that one fetch may receive, and the most that a revision may have in Git LFS."
        ),
        SettingKey(
            "git.cacheBytes",
            .integer(0...1_099_511_627_776, unit: "bytes"),
            default: "21474836480",
            "How much disk mirrors of repositories, with their files of Git LFS, may take in cacheDirectory; those that were not used the longest go first, but none that was used within a day."
        ),
        SettingKey(
            "git.timeoutSeconds",
            .integer(1...86400, unit: "seconds"),
            default: "300",
            "How long one fetch may take."
        ),
        SettingKey(
            "buildpacks.directory",
            .text(.path),
            or:
                "../share/slipway/buildpacks beside the program's directory, else /usr/share/slipway/buildpacks, else ./buildpacks",
            example: "/usr/share/slipway/buildpacks",
            "Where the rules are, one YAML file each."
        ),
    ]
}
