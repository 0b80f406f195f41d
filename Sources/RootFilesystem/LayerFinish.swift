internal import BuildModel
internal import Platform

/// The last step of unpacking, which needs the layers below: what the archive left open is filled in.
struct LayerFinish {
    let root: DirectoryHandle
    /// Topmost first.
    let below: [DirectoryHandle]
    let overlay: OverlayAttributes
    let cancellation: CancelFlag

    func run(_ notes: LayerNotes) throws(BuildFailure) {
        try dropNeedlessWhiteouts(notes)
        try completeImplied(notes)
        for (path, time) in notes.times { try directory(path)?.setModified(time) }
        guard !cancellation.isSet else { throw .cancelled(operation: UnpackFailure.operation) }
    }

    /// Directories without an entry look as they do below; otherwise they would hide owner and mode of those.
    private func completeImplied(_ notes: LayerNotes) throws(BuildFailure) {
        for path in notes.implied {
            guard let own = try directory(path) else { continue }
            guard let attributes = try attributesBelow(path) else {
                try own.setModified(FileAttributes.impliedDirectory.modified)
                continue
            }
            try own.apply(attributes)
        }
    }

    private func attributesBelow(_ path: [[UInt8]]) throws(BuildFailure) -> FileAttributes? {
        guard let name = path.last else { return try below.first?.ownAttributes() }
        // A directory above that hides those below is the end of the way down.
        var here = root
        for component in path.dropLast() {
            here = try here.directory(component)
            if try here.isOpaque(overlay) { return nil }
        }
        let place = try OverlayView(below, attributes: overlay).place(at: path)
        guard let place, place.status.kind == .directory else { return nil }
        return try place.directory.attributes(of: name, place.status)
    }

    /// overlayfs shows marks of deletion in directories that nothing below is merged into.
    private func dropNeedlessWhiteouts(_ notes: LayerNotes) throws(BuildFailure) {
        let view = OverlayView([root] + below, attributes: overlay)
        for path in notes.whiteouts {
            guard let name = path.last, let parent = try directory(path.dropLast()),
                try parent.status(of: name)?.kind == .whiteout
            else { continue }
            try parent.remove(name)
            if try view.place(at: path) != nil { _ = try parent.makeWhiteout(name) }
        }
    }

    /// A directory of the layer; nil if a later entry put something else on the way to it.
    private func directory(_ path: some Collection<[UInt8]>) throws(BuildFailure) -> DirectoryHandle? {
        guard !cancellation.isSet else { throw .cancelled(operation: UnpackFailure.operation) }
        var here = root
        for name in path {
            guard try here.status(of: name)?.kind == .directory else { return nil }
            here = try here.directory(name)
        }
        return here
    }
}

extension DirectoryHandle {
    fileprivate func attributes(of name: [UInt8], _ status: FileStatus) throws(BuildFailure) -> FileAttributes {
        let extended = try extendedAttributes(of: name) { !OverlayAttributes.isReserved($0) }
        return FileAttributes(
            mode: status.mode,
            user: status.user,
            group: status.group,
            modified: status.modified,
            extended: extended
        )
    }

    fileprivate func ownAttributes() throws(BuildFailure) -> FileAttributes {
        try attributes(of: EntryPath.current, status())
    }
}
