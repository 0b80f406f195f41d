internal import BuildModel
internal import CGit2

extension MirrorFetch {
    /// Brings a commit by its full or abbreviated id.
    func fetch(
        commit: String,
        _ heads: RemoteHeads,
        _ remote: Remote,
        _ repository: Repository
    ) throws -> ObjectID {
        guard (4...40).contains(commit.utf8.count), commit.utf8.allSatisfy(Hexadecimal.isLowercaseDigit) else {
            throw BuildFailure.source(
                .invalidRequest,
                "'\(LibraryError.cleaned(commit))' is no commit id: it has 4 to 40 hexadecimal digits."
            )
        }
        guard let id = ObjectID(hex: commit) else {
            try complete(repository)
            return try find(commit, in: repository)
        }
        let isHere = try repository.contains(id)
        if !isHere {
            if let head = heads.heads.first(where: { $0.id == id }) { return try fetch(head, remote, repository) }
            try fetch(exact: id, remote, repository)
        }
        guard try repository.contains(id), let found = try repository.commit(behind: id) else {
            throw BuildFailure.commitNotFound(commit, in: mirror.url.display)
        }
        say("the commit", found, isHere: isHere)
        return found
    }

    /// Asks for one commit by its id, which not every server grants; else fetches everything, which has it if anything has.
    private func fetch(exact id: ObjectID, _ remote: Remote, _ repository: Repository) throws {
        do {
            try remote.fetch(["+\(id.hex):refs/slipway/\(id.hex)"], depth: depth)
        } catch {
            guard operation.failure == nil, !operation.isCancelled else { throw error }
            try complete(repository)
        }
    }

    /// Fetches the whole history of all branches and tags.
    private func complete(_ repository: Repository) throws {
        let remote = try Remote(operation, in: repository)
        let heads = try remote.connect()
        try repository.removeReferences(except: Set(heads.heads.map(\.name)))
        let isShallow = unsafe git_repository_is_shallow(repository.pointer) == 1
        try remote.fetch(
            ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"],
            depth: isShallow ? Int32.max : 0
        )
        try mirror.markComplete()
    }

    private func find(_ digits: String, in repository: Repository) throws -> ObjectID {
        let found = try repository.commits(beginningWith: digits)
        guard let first = found.first else { throw BuildFailure.commitNotFound(digits, in: mirror.url.display) }
        guard found.count == 1 else {
            let list = found.prefix(5).map(\.short).joined(separator: ", ")
            throw BuildFailure.source(
                .ambiguousCommit,
                "\(digits) is the beginning of \(found.count) commits of \(mirror.url.display): \(list);"
                    + " give more digits."
            )
        }
        say("the commit", first, isHere: false)
        return first
    }
}

extension Repository {
    /// Removes branches and tags that the server no longer has, so that they cannot stand in the way of new names.
    func removeReferences(except names: Set<String>) throws(LibraryError) {
        var list = unsafe git_strarray()
        try LibraryError.check(unsafe git_reference_list(&list, pointer))
        defer { unsafe git_strarray_dispose(&list) }
        let count = unsafe list.count
        for index in 0..<count {
            guard let entry = unsafe list.strings[index] else { continue }
            let name = unsafe String(cString: entry)
            let isMirrored = name.hasPrefix(RemoteHeads.branchPrefix) || name.hasPrefix(RemoteHeads.tagPrefix)
            guard isMirrored, !names.contains(name) else { continue }
            try LibraryError.check(unsafe git_reference_remove(pointer, entry))
        }
    }
}
