package import BuildModel

extension BuildFailure.Code {
    /// A layer of an image holds what no layer may hold, or is no archive.
    package static let invalidLayer = Self(rawValue: "invalid_layer")
}

/// Failures of unpacking. Names in them come from whoever made the image: they are cut short and made harmless.
enum UnpackFailure {
    static let operation = "layer.unpack"

    static func invalid(_ path: [UInt8], _ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidLayer,
            operation: operation,
            message: "A layer of the image cannot be unpacked: '\(shown(path))' \(reason)."
        )
    }

    static func archive(_ words: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidLayer,
            operation: operation,
            message: "A layer of the image cannot be unpacked: it is no whole tar archive.",
            cause: words
        )
    }

    static func tooLarge(_ what: String, limit: Int64) -> BuildFailure {
        BuildFailure(
            .platform,
            .limitExceeded,
            operation: operation,
            message: "A layer of the image has over \(limit) \(what), too many to unpack."
        )
    }

    static func corrupted(_ digest: Digest, _ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .corrupted,
            operation: operation,
            message: "The layer \(digest) is damaged: \(reason).",
            isRetryable: true
        )
    }

    private static func shown(_ path: [UInt8]) -> String {
        let scalars = String(decoding: path.prefix(200), as: UTF8.self).unicodeScalars
        let text = scalars.map { $0.properties.generalCategory == .control ? "\u{fffd}" : $0 }
        return String(String.UnicodeScalarView(text)) + (path.count > 200 ? "…" : "")
    }
}
