internal import BuildModel
internal import Platform
internal import RedisTransport

extension WorkerQueue {
    /// Takes the build whose turn it is and that this worker may run, after taking in what is in the intake.
    ///
    /// - Returns: nil if nothing waits that may run here now, or there were too many to look at: then `waitForWork` returns at once, and
    ///   the next call goes on.
    /// - Throws: `BuildFailure`. A call that failed may have taken a build: the next one asks for it again.
    package func claim() async throws -> Lease? { try await claim(settings.offer(after: mark.place)) }

    /// Takes the build that an earlier call took, whose reply was lost, and no other one.
    ///
    /// - Returns: nil if that call took none.
    /// - Throws: `BuildFailure`. The next call asks for it again.
    package func claimLost() async throws -> Lease? {
        hasLostClaims ? try await claim(settings.offer(closed: "taking nothing new")) : nil
    }

    private func claim(_ offer: JSONValue) async throws -> Lease? {
        let token = tokens.take() ?? "\(SystemInformation.processID)-\(UInt64.random(in: 0 ... .max))"
        let arguments = [
            RedisArgument(settings.worker), RedisArgument(token), RedisArgument(settings.lease.milliseconds),
            RedisArgument(settings.retention.milliseconds), RedisArgument(offer.canonicalText),
        ]
        let before = SystemInformation.bootNanoseconds
        let reply: RedisValue
        do {
            reply = try await caller.call("claim", arguments)
        } catch {
            tokens.keep(token)
            throw error
        }
        if reply[0]?.text == "none", let ring = reply[1]?.text {
            mark.move(to: ring, due: reply[2]?.integer, place: reply[3]?.text)
            return nil
        }
        mark.startOver()
        let lease = try lease(reply, before: before)
        // Taken by an earlier call: nothing was done under it yet, so it may begin anew with a whole lease.
        let left = lease.expiresAt - SystemInformation.bootNanoseconds
        return left > settings.lease.milliseconds * 1_000_000 / 2 ? lease : try await renew(lease)
    }

    /// Tells that this worker is there and takes no build now.
    ///
    /// - Parameter reason: why, for people: readers of the queue see it.
    /// - Throws: `BuildFailure`.
    package func announce(closed reason: String) async throws {
        let offer = settings.offer(closed: reason).canonicalText
        _ = try await caller.call("announce", [RedisArgument(settings.worker), RedisArgument(offer)])
    }

    private func lease(_ reply: RedisValue, before: Int64) throws(BuildFailure) -> Lease {
        guard reply[0]?.text == "lease", let id = reply[1]?.text, let epoch = reply[2]?.integer,
            let attempt = reply[3]?.integer, let end = reply[4]?.integer, let now = reply[5]?.integer,
            let createdAt = reply[6]?.integer, let request = reply[7]?.text
        else { throw FunctionCaller.unexpected(reply, "queue.claim") }
        return Lease(
            id: id,
            epoch: epoch,
            attempt: Int(attempt),
            requestText: request,
            createdAt: createdAt,
            // Less than a whole lease if an earlier call took the build and its reply was lost.
            expiresAt: before + (end - now) * 1_000_000
        )
    }

    /// Keeps the lease for another lease's length.
    ///
    /// - Returns: the same lease with its new expiry, and whether the build has to stop.
    /// - Throws: `BuildFailure` with code `lease_lost`, or what the network says within one `renewEvery`.
    package func renew(_ lease: Lease) async throws -> Lease {
        let before = SystemInformation.bootNanoseconds
        let arguments = lease.words + [RedisArgument(settings.lease.milliseconds)]
        let reply = try await caller.call("renew", arguments, within: settings.renewEvery)
        var renewed = lease
        if let code = reply[2]?.text, !code.isEmpty {
            renewed.cancellation = .stopped(code: code, message: reply[3]?.text ?? "")
        }
        renewed.expiresAt = before + settings.lease.milliseconds * 1_000_000
        return renewed
    }

    /// Returns only if the lease holds: asked right before an effect that others see.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost`, or with fault `cancelled` if the build is to stop.
    package func confirm(_ lease: Lease) async throws {
        _ = try await caller.call("confirm", lease.words, within: settings.callLimit)
    }

    /// Puts the build back at its old place in the queue; this attempt does not count.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost` if it was not this lease's to give.
    package func giveBack(_ lease: Lease, within limit: Duration = .seconds(10)) async throws {
        let arguments = lease.words + [RedisArgument(settings.retention.milliseconds)]
        _ = try await caller.call("give_back", arguments, within: limit)
    }

    /// Ends the attempt: with it the build, unless its failure may pass and attempts are left.
    ///
    /// - Parameter limit: for all tries; ask for much, for an end that is not written down means the build runs again.
    /// - Throws: `BuildFailure` with code `lease_lost` if another lease has the build or it ended otherwise.
    @discardableResult
    package func finish(
        _ lease: Lease,
        _ outcome: BuildOutcome,
        within limit: Duration = .seconds(60)
    ) async throws -> FinishReceipt {
        var arguments = lease.words
        arguments += [RedisArgument(outcome.state.rawValue), RedisArgument(settings.retention.milliseconds)]
        for field in outcome.fields { arguments += [RedisArgument(field.name), RedisArgument(field.value)] }
        let reply = try await caller.call("finish", arguments, within: limit)
        guard reply[0]?.text == "retrying", let time = reply[1]?.integer else { return .ended }
        return .retrying(at: time)
    }
}

/// What became of a build whose attempt ended.
package enum FinishReceipt: Sendable, Hashable {
    case ended
    /// It waits for its next attempt, until then in milliseconds since 1970 by Redis' clock.
    case retrying(at: Int64)
}

extension QueueSettings {
    /// What the worker tells the queue about itself with every claim.
    ///
    /// - Parameters:
    ///   - reason: why it takes no build now; nil if it does.
    ///   - place: where a claim before has ended that had too many builds to look at.
    fileprivate func offer(closed reason: String? = nil, after place: String? = nil) -> JSONValue {
        var offer: JSONValue = [
            "labels": .object(labels.mapValues(JSONValue.string)),
            "tenantLimit": .integer(Int64(tenantLimit)),
            "projectLimit": .integer(Int64(projectLimit)),
            "weights": .object(tenantWeights.mapValues { .integer(Int64($0)) }),
            "after": .string(place ?? ""),
        ]
        if let reason { offer["closed"] = .string(reason) }
        return offer
    }
}

extension Lease {
    /// Id and epoch, with which every function for a lease begins.
    var words: [RedisArgument] { [RedisArgument(id), RedisArgument(epoch)] }
}
