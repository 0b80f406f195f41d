internal import BuildModel
internal import GitStore
internal import ImageBuild
internal import Platform

/// What the source's attributes ask for in vain is told at every build, also where its layers are remembered.
extension LayerMaking {
    /// Tells it to the build's log, or fails, as the settings say.
    ///
    /// - Throws: `BuildFailure` with code `attributes_unsupported`; what reading the tree throws.
    func tellAttributes() async throws {
        let notes = try await attributeNotes()
        try AttributeNotes.check(notes, settings.attributes)
        for note in notes { log.say(note, .assembling) }
    }

    /// Remembered by what determines it: of a tree that was built before no object is read.
    private func attributeNotes() async throws -> [String] {
        if let notes = rememberedNotes(attributesKey) { return notes }
        if memo.isShared { _ = try? await memo.learn([attributesKey]) }
        if let notes = rememberedNotes(attributesKey) { return notes }
        let (name, limit) = (AttributeNotes.fileName, AttributeNotes.maximumBytes)
        let above = try await source.files(named: name, above: revision, limit: limit)
        let contents = contentsKey(above)
        if let notes = rememberedNotes(contents) {
            remember(notes, for: attributesKey)
            return notes
        }
        let notes = try await source.withTree(of: revision) { [revision] tree in
            try AttributeNotes.notes(of: tree, at: revision.rootDirectory, below: above)
        }
        remember(notes, for: attributesKey)
        if contents != attributesKey { remember(notes, for: contents) }
        return notes
    }

    private func remember(_ notes: [String], for key: Digest) {
        let text = "-" + Hexadecimal.encode(notes.joined(separator: "\n").utf8)
        log.attempt("What attributes ask for cannot be remembered") { try memo.remember(note: text, for: key) }
    }

    private func rememberedNotes(_ key: Digest) -> [String]? {
        guard let text = note(for: key), text.hasPrefix("-"),
            let bytes = Hexadecimal.decode(text.dropFirst())
        else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0) }
    }

    /// With a root directory, files above it count as well, which the commit determines.
    var attributesKey: Digest {
        let root = revision.rootDirectory
        let place = root.isEmpty ? "" : "\(revision.commit.hex) \(root)"
        return Digest(of: "attributes-v3 \(revision.tree.hex) \(place)")
    }

    /// What determines the notes whatever the commit: most change neither the root directory nor the files above it.
    private func contentsKey(_ above: [String: [UInt8]]) -> Digest {
        let root = revision.rootDirectory
        guard !root.isEmpty else { return attributesKey }
        let files = above.sorted { $0.key < $1.key }.map { "\($0.key)\0\(Digest(of: $0.value).hex)" }
        return Digest(of: "attributes-of-contents-v3 \(revision.tree.hex) \(root)\0\(files.joined(separator: "\0"))")
    }
}
