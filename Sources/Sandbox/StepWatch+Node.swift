internal import BuildModel
internal import Platform

/// What a step writes to the node's own disk: its caches, and the file behind the disk that it has for itself.
extension StepWatch {
    /// Looking at a cache takes as long as it has files.
    private static let lookers = BlockingPool(label: "sandbox.caches", width: 2)
    /// Between two looks, at least; and how many times as long as the look took, so that looking costs little.
    private static let pause = Duration.seconds(1)
    private static let pauseFactor = 20

    /// The part of a file system's files that steps leave to others.
    private static let fileReserve: Int64 = 50

    /// What the node has left, if it is too little for steps to go on.
    func roomBelowFloor() -> String? {
        guard settings.minimumFreeBytes > 0 else { return nil }
        let free = Files.freeBytes(at: launch.step.scratch)
        if free < settings.minimumFreeBytes { return ByteSize.text(free) }
        guard let files = Files.freeFiles(at: launch.step.scratch), files.free < files.all / Self.fileReserve else {
            return nil
        }
        return "room for \(files.free) more files"
    }

    /// Ends the step when one of its caches is larger than it may be. Goes on until cancelled.
    func watchCaches() async {
        let bounded = launch.step.caches.filter { $0.maximumBytes < .max }
        guard !bounded.isEmpty else { return }
        let cancellation = CancelFlag()
        var pause = Self.pause
        while await sleeps(pause) {
            let start = ContinuousClock.now
            if let cache = await overfull(bounded, cancellation) {
                return interrupt(.cacheFull(name: cache.mount.name, limit: cache.maximumBytes))
            }
            pause = max(Self.pause, (ContinuousClock.now - start) * Self.pauseFactor)
        }
    }

    /// The first of some caches that is larger than it may be, with what processes have open and nobody can see any more.
    private func overfull(_ caches: [StepCache], _ cancellation: CancelFlag) async -> StepCache? {
        let group = launch.groupDirectory
        let mounts = launch.step.caches.map(\.mount.path)
        return try? await cancellation.whileRunning {
            try await Self.lookers.run {
                // All are on one disk: what they were made in is this worker's.
                let removed = group.map { RemovedFiles(of: $0, onDiskOf: caches[0].directory) }
                return caches.first { cache in
                    let size = (try? Directories.treeSize(cache.directory, cancellation: cancellation)) ?? 0
                    let open = removed?.bytes(below: cache.mount.path, of: mounts) ?? 0
                    return size.addingWithoutOverflow(open) > cache.maximumBytes
                }
            }
        }
    }

    /// - Returns: false once the task is cancelled.
    private func sleeps(_ pause: Duration) async -> Bool {
        try? await Task.sleep(for: pause)
        return !Task.isCancelled
    }
}
