import BuildModel
import BuildQueue
import RedisTransport
import Settings

/// The queue for verbs that enqueue and read.
enum QueueReader {
    /// Lends a client of the configured farm and closes its connections afterwards.
    static func with<Value>(
        _ settings: WorkerSettings,
        _ body: (BuildQueueClient) async throws -> Value
    ) async throws -> Value {
        let redis = try Wiring.redis(settings, name: "slipway")
        do {
            let client = try BuildQueueClient(redis, farm: settings.farm, retention: settings.queue.retention)
            let value = try await body(client)
            await redis.close()
            return value
        } catch {
            await redis.close()
            throw error
        }
    }
}
