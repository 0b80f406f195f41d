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
        if let notes = rememberedNotes() { return notes }
        if memo.isShared { _ = try? await memo.learn([attributesKey]) }
        if let notes = rememberedNotes() { return notes }
        let (name, limit) = (AttributeNotes.fileName, AttributeNotes.maximumBytes)
        let above = try await source.files(named: name, above: revision, limit: limit)
        let notes = try await source.withTree(of: revision) { [revision] tree in
            try AttributeNotes.notes(of: tree, at: revision.rootDirectory, below: above)
        }
        let text = "-" + Hexadecimal.encode(notes.joined(separator: "\n").utf8)
        attempt("What attributes ask for cannot be remembered") { try memo.remember(note: text, for: attributesKey) }
        return notes
    }

    private func rememberedNotes() -> [String]? {
        guard let text = note(for: attributesKey), text.hasPrefix("-"),
            let bytes = Hexadecimal.decode(text.dropFirst())
        else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0) }
    }

    /// With a root directory, files above it count as well, which the commit determines.
    var attributesKey: Digest {
        let root = revision.rootDirectory
        let place = root.isEmpty ? "" : "\(revision.commit.hex) \(root)"
        return Digest(of: "attributes-v2 \(revision.tree.hex) \(place)")
    }
}
