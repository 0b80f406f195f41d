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
            message: "The layers of the image have over \(limit) \(what), too many to unpack."
        )
    }

    static func tooDeep(_ path: [UInt8], limit: Int) -> BuildFailure {
        invalid(path, "is more than \(limit) directories deep")
    }

    static func nodeFull(_ directory: String, free: Int64) -> BuildFailure {
        BuildFailure(
            .platform,
            BuildFailure.Code(rawValue: "disk_full"),
            operation: operation,
            message: "'\(directory)' has only \(free >> 20) MiB left, too few to unpack an image. Free some, or lower "
                + "steps.imageBytes.",
            isRetryable: true
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
