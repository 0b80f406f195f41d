package import BuildModel

extension BuildFailure.Code {
    /// The tree has a submodule, whose files are not in the repository.
    package static let submoduleUnsupported = Self(rawValue: "submodule_unsupported")
    /// Files that git changes on their way to a working tree, which a layer has as git keeps them.
    package static let attributesUnsupported = Self(rawValue: "attributes_unsupported")
    /// A path that could leave the app's directory, appears twice, or that no file system can hold.
    package static let unsafePath = Self(rawValue: "unsafe_path")
    /// A name that means something else in an image layer.
    package static let reservedName = Self(rawValue: "reserved_name")
    /// A rule planned something that cannot be put in an image.
    package static let invalidPlan = Self(rawValue: "invalid_plan")
}

/// Failures of writing a layer. Paths in them come from a tenant: they are cut short and made harmless.
enum LayerFailure {
    static func unsafe(_ path: [UInt8], _ reason: String) -> BuildFailure {
        tree(.unsafePath, "'\(shown(path))' cannot be put in an image: \(reason).")
    }

    static func reserved(_ path: [UInt8]) -> BuildFailure {
        tree(
            .reservedName,
            "'\(shown(path))' cannot be put in an image: names that begin with '.wh.' mean deleted files there. "
                + "Rename it."
        )
    }

    static func submodule(_ path: [UInt8]) -> BuildFailure {
        tree(
            .submoduleUnsupported,
            "'\(shown(path))' is a git submodule whose files are not here: '.gitmodules' has no URL for it, the farm's operator "
                + "set 'git.submodules' to 'refuse', or a directory of this machine is built, not a URL. Commit its files, "
                + "or install it as a dependency."
        )
    }

    static func attributes(_ notes: [String]) -> BuildFailure {
        tree(
            .attributesUnsupported,
            "Files would not be what a checkout has: \(notes.joined(separator: "; ")). Take the attributes away, or let "
                + "the farm's operator set 'layers.attributes' to 'tell'."
        )
    }

    static func tooLarge(_ path: [UInt8], size: Int64, limit: Int64) -> BuildFailure {
        tree(.limitExceeded, "'\(shown(path))' has \(size) bytes; at most \(limit) are allowed here.")
    }

    static func tooDeep(_ path: [[UInt8]], limit: Int) -> BuildFailure {
        tree(
            .limitExceeded,
            "'\(shown(OutputPath.joined(path)))' is in directories within directories, more than \(limit), which no layer should "
                + "have. Make them fewer."
        )
    }

    static func tooMuch(limit: Int64) -> BuildFailure {
        tree(
            .limitExceeded,
            "A step's outputs have over \(limit) bytes, more than its disk, which only files with holes do. Write smaller "
                + "ones, or give the step a larger disk."
        )
    }

    static func tooManyFiles(limit: Int) -> BuildFailure {
        tree(.limitExceeded, "A layer would have over \(limit) files, too many. Make fewer, or name smaller outputs.")
    }

    static func tooManyPatterns(_ name: String, count: Int, limit: Int) -> BuildFailure {
        tree(.limitExceeded, "'\(name)' has \(count) patterns; at most \(limit) are read. Make it shorter.")
    }

    static func longPattern(_ name: String, count: Int, limit: Int) -> BuildFailure {
        tree(.limitExceeded, "'\(name)' has a pattern of \(count) bytes; at most \(limit) are read. Make it shorter.")
    }

    static func edge(_ size: Int64, kept: Int64) -> BuildFailure {
        BuildFailure(
            .platform,
            .corrupted,
            operation: "layer.write",
            message:
                "Kept members of a layer have \(size) bytes, but \(kept) were counted when they were kept. Empty the "
                + "directory 'layers/members' of the cache, and report this as a defect."
        )
    }

    static func changed(_ path: [UInt8], promised: Int64) -> BuildFailure {
        BuildFailure(
            .platform,
            .corrupted,
            operation: "layer.write",
            message:
                "'\(shown(path))' has not the \(promised) bytes that the repository promised. The local copy of the "
                + "repository is damaged.",
            isRetryable: true
        )
    }

    static func plan(_ path: String, _ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidPlan,
            operation: "layer.write",
            message: "The planned path '\(path.prefix(200))' cannot be put in an image: \(reason). Correct the rule."
        )
    }

    private static func tree(_ code: BuildFailure.Code, _ message: String) -> BuildFailure {
        BuildFailure(.code, code, operation: "layer.write", message: message)
    }

    /// The path without what would move a terminal's cursor.
    static func shown(_ path: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: path.prefix(200), as: UTF8.self).unicodeScalars {
            text.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{fffd}" : scalar)
        }
        return text + (path.count > 200 ? "…" : "")
    }
}
