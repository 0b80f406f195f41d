package import BuildModel
package import GitStore
internal import Platform
internal import RootFilesystem
internal import Sandbox

/// A step that this node remembers.
package struct RememberedStep: Sendable {
    package var key: Digest
    package var project: String
    package var step: String
    package var command: String
    /// Milliseconds since 1970.
    package var madeAt: Int64
    package var milliseconds: Int64
    package var peakMemoryBytes: Int64
    /// Bytes of its layers as they are compressed.
    package var bytes: Int64
    /// Whether this node has all of its layers.
    package var isHere: Bool
    /// Repositories that have the layers.
    package var places: [String]

    package var json: JSONValue {
        [
            "key": .string(key.hex), "project": .string(project), "step": .string(step), "command": .string(command),
            "madeAt": .string(Timestamp.text(milliseconds: madeAt)), "milliseconds": .integer(milliseconds),
            "peakMemoryBytes": .integer(peakMemoryBytes), "bytes": .integer(bytes), "here": .bool(isHere),
            "places": .array(places.map { .string($0) }),
        ]
    }
}

/// Whether a step would be run, and why.
package struct StepExplanation: Sendable {
    package var step: BuildStep
    package var key: Digest
    package var isRemembered: Bool
    /// For people, as part of a sentence.
    package var reason: String

    package var json: JSONValue {
        [
            "step": .string(step.name), "key": .string(key.hex), "remembered": .bool(isRemembered),
            "reason": .string(reason),
        ]
    }
}

extension StepMaker {
    /// What this node remembers, newest first.
    package func remembered() throws(BuildFailure) -> [RememberedStep] {
        try memo.all().map { key, record in
            RememberedStep(
                key: key,
                project: record.project,
                step: record.step,
                command: record.command,
                madeAt: record.madeAt,
                milliseconds: record.milliseconds,
                peakMemoryBytes: record.peakMemoryBytes,
                bytes: record.outputs.reduce(0) { $0 + $1.size },
                isHere: record.outputs.allSatisfy { blobs.content($0.digest, size: $0.size) != nil },
                places: record.places
            )
        }.sorted { ($0.madeAt, $0.key.hex) > ($1.madeAt, $1.key.hex) }
    }

    /// Forgets a step, here and in the farm's memory if there is one.
    package func forget(_ key: Digest) async throws { try await memo.forget(key) }

    /// Whether the steps of a plan would be run. Looks no further than the first that would: what follows stands on it.
    package func explain(
        _ plan: BuildPlan,
        _ revision: Revision,
        from source: any RevisionSource,
        order: StepOrder,
        log: any BuildLog
    ) async throws -> [StepExplanation] {
        var made = StepLayers()
        var explanations: [StepExplanation] = []
        for step in plan.steps {
            let work = StepWork(maker: self, step: step, earlier: made, revision, source, order, log)
            let (key, result) = try await work.lookUp()
            explanations.append(
                StepExplanation(
                    step: step,
                    key: key.digest,
                    isRemembered: result != nil,
                    reason: result == nil ? work.reason(key).stepText : "it is remembered"
                )
            )
            guard let result else { break }
            made.results.append(result)
        }
        return explanations
    }

    /// Called when this process runs no more steps.
    package func close() { sandbox.leave() }

    /// Removes what processes that are gone left, and what is over its budget. Harmless beside builds.
    ///
    /// - Throws: `BuildFailure` of the first thing that cannot be removed, after all else was looked at.
    package func tidy() async throws {
        var first: (any Error)?
        do { try await Self.writers.run { [policy] in try StepScratch.sweep(policy.directory) } } catch {
            first = first ?? error
        }
        do { try await Self.writers.run { [caches] in try caches.collect() } } catch { first = first ?? error }
        do { try await sandbox.tidy() } catch { first = first ?? error }
        do { _ = try await filesystems.collect(budget: policy.filesystemBytes, age: policy.filesystemAge) } catch {
            first = first ?? error
        }
        if let first { throw first }
    }
}
