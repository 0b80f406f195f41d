import TestSupport

/// Something that was done for a build and that others see.
struct Effect: Sendable, Hashable {
    enum Kind: String, Sendable {
        case tag
        case deployment
        case status
        case log
    }

    var kind: Kind
    var build: String
    /// Whose it is, where that is known.
    var epoch: Int64?
    var worker: String?
    /// Milliseconds since 1970: it was done between the two.
    var began: Int64
    var ended: Int64
}

extension Effect: CustomStringConvertible {
    var description: String {
        let epoch = epoch.map { " of epoch \($0)" } ?? ""
        return "\(build): a \(kind)\(epoch)\(worker.map { " by \($0)" } ?? "") was written at \(began) without a lease"
    }
}

extension Effect {
    init(_ write: TagWrite) {
        self.init(kind: .tag, build: write.tag, worker: write.worker, began: write.began, ended: write.ended)
    }
}

extension History {
    /// What was told of the build by those who had it. What the farm does by itself is none of theirs: it takes a build back, and ends
    /// one that has lost too many workers, or that was cancelled and waits or has lost its worker.
    var statuses: [Effect] {
        let own: Set<String> = ["phase", "retrying", "given_back", "finished"]
        let told = events.filter { own.contains($0.type) && $0.code != "quarantined" && !$0.isCancelled }
        return told.map { event in
            Effect(kind: .status, build: id, epoch: event.epoch, began: event.time, ended: event.time)
        }
    }

    /// Whether an effect is the work of somebody who had the build: after a claim, before it was given up or ended, and while the lease
    /// held by Redis' clock, whether or not anybody had taken the build back.
    func allows(_ effect: Effect, _ leases: LeaseRecord) -> Bool {
        events.indices.contains { index in
            let claim = events[index]
            guard claim.type == "claimed", effect.epoch == nil || effect.epoch == claim.epoch,
                effect.worker == nil || effect.worker == claim.worker
            else { return false }
            let end = events[(index + 1)...].first { $0.type != "phase" && $0.type != "cancelling" }
            return claim.time <= effect.ended && (end?.time ?? .max) >= effect.began
                && leases.holds(claim.epoch, from: effect.began, to: effect.ended)
        }
    }
}
