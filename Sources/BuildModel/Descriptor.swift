/// A typed pointer to content: OCI image spec, descriptor.md.
package struct Descriptor: Sendable, Hashable {
    package var mediaType: String
    package var digest: Digest
    /// Bytes.
    package var size: Int64
    package var annotations: [String: String]
    package var platform: ImagePlatform?

    package init(
        mediaType: String,
        digest: Digest,
        size: Int64,
        annotations: [String: String] = [:],
        platform: ImagePlatform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
    }

    /// The descriptor as JSON, without empty members.
    package var json: JSONValue {
        var value: JSONValue = [
            "mediaType": .string(mediaType), "digest": .string(digest.description), "size": .integer(size),
        ]
        if !annotations.isEmpty { value["annotations"] = .object(annotations.mapValues { .string($0) }) }
        if let platform { value["platform"] = platform.json }
        return value
    }

    /// Reads a descriptor.
    ///
    /// - Throws: `BuildFailure` with code `protocol_violation` that names the member.
    package init(json: JSONValue) throws(BuildFailure) {
        guard let mediaType = json["mediaType"]?.string else { throw Self.missing("mediaType") }
        guard let digest = json["digest"]?.string else { throw Self.missing("digest") }
        guard let size = json["size"]?.integer, size >= 0 else { throw Self.missing("size") }
        self.mediaType = mediaType
        self.digest = try Digest(parsing: digest)
        self.size = size
        annotations = json["annotations"]?.object?.compactMapValues(\.string) ?? [:]
        platform = json["platform"].flatMap(ImagePlatform.init(json:))
    }

    private static func missing(_ member: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .protocolViolation,
            operation: "descriptor.read",
            message: "A descriptor has no valid '\(member)'."
        )
    }
}

/// What a manifest is for: GOOS and GOARCH words.
package struct ImagePlatform: Sendable, Hashable {
    package var os: String
    package var architecture: String
    package var variant: String?

    package init(os: String, architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }

    /// Reads a `platform` object; nil if `os` or `architecture` is missing.
    package init?(json: JSONValue) {
        guard let os = json["os"]?.string, let architecture = json["architecture"]?.string else { return nil }
        self.init(os: os, architecture: architecture, variant: json["variant"]?.string)
    }

    package var json: JSONValue {
        var value: JSONValue = ["os": .string(os), "architecture": .string(architecture)]
        if let variant { value["variant"] = .string(variant) }
        return value
    }

    /// What this node runs.
    package static var current: ImagePlatform {
        #if arch(arm64)
        ImagePlatform(os: "linux", architecture: "arm64")
        #else
        ImagePlatform(os: "linux", architecture: "amd64")
        #endif
    }
}
