internal import BuildModel

/// What is remembered of a step: the descriptors of its layers, and what it took. Everything that determines it is in its key.
struct StepRecord: Sendable, Hashable {
    /// One layer, of one output.
    struct Output: Sendable, Hashable {
        var path: String
        var isShipped: Bool
        var digest: Digest
        var diffID: Digest
        /// Bytes compressed and uncompressed.
        var size: Int64
        var tarSize: Int64
        var mediaType = MediaType.ociLayerGzip
    }

    var step: String
    var project: String
    var command: String
    /// What determined it, by short digests: says which part of two keys differs.
    var parts: [String: String]
    var outputs: [Output]
    /// sha256 of the lines that the step wrote.
    var log: Digest
    /// Milliseconds since 1970.
    var madeAt: Int64
    var milliseconds: Int64
    var peakMemoryBytes: Int64
    /// Repositories that hold the shipped layers, newest first.
    var places: [String]

    /// The record with one more repository that holds its layers.
    func placed(in repository: String) -> StepRecord {
        var record = self
        record.places = Array(([repository] + places.filter { $0 != repository }).prefix(Self.placeLimit))
        return record
    }

    private static let placeLimit = 4
}

extension StepRecord {
    /// On one line.
    var text: String {
        let value: JSONValue = [
            "step": .string(step), "project": .string(project), "command": .string(command),
            "parts": .object(parts.mapValues { .string($0) }),
            "outputs": .array(outputs.map(\.json)), "log": .string(log.description), "madeAt": .integer(madeAt),
            "milliseconds": .integer(milliseconds), "peakMemoryBytes": .integer(peakMemoryBytes),
            "places": .array(places.map { .string($0) }),
        ]
        return value.canonicalText
    }

    /// Reads what `text` wrote; nil if it is something else.
    init?(json value: JSONValue) {
        guard let step = value["step"]?.string, let log = value["log"]?.string,
            let logDigest = try? Digest(parsing: log), let list = value["outputs"]?.array
        else { return nil }
        let outputs = list.compactMap(Output.init(json:))
        guard outputs.count == list.count else { return nil }
        self.init(
            step: step,
            project: value["project"]?.string ?? "",
            command: value["command"]?.string ?? "",
            parts: (value["parts"]?.object ?? [:]).compactMapValues(\.string),
            outputs: outputs,
            log: logDigest,
            madeAt: value["madeAt"]?.integer ?? 0,
            milliseconds: value["milliseconds"]?.integer ?? 0,
            peakMemoryBytes: value["peakMemoryBytes"]?.integer ?? 0,
            places: (value["places"]?.array ?? []).compactMap(\.string)
        )
    }
}

extension StepRecord.Output {
    var json: JSONValue {
        [
            "path": .string(path), "shipped": .bool(isShipped), "digest": .string(digest.description),
            "diffID": .string(diffID.description), "size": .integer(size), "tarSize": .integer(tarSize),
            "mediaType": .string(mediaType),
        ]
    }

    init?(json value: JSONValue) {
        guard let path = value["path"]?.string, let isShipped = value["shipped"]?.bool,
            let digest = value["digest"]?.string, let diffID = value["diffID"]?.string,
            let size = value["size"]?.integer, let tarSize = value["tarSize"]?.integer, size > 0, tarSize > 0,
            let blob = try? Digest(parsing: digest), let tar = try? Digest(parsing: diffID)
        else { return nil }
        self.init(path: path, isShipped: isShipped, digest: blob, diffID: tar, size: size, tarSize: tarSize)
        // What was remembered before there was a choice has none.
        if let mediaType = value["mediaType"]?.string { self.mediaType = mediaType }
    }

    /// The layer, whose bytes are where `source` says.
    func layer(_ source: BlobSource, comment: String) -> Layer {
        let descriptor = Descriptor(mediaType: mediaType, digest: digest, size: size)
        let blob = ImageBlob(descriptor: descriptor, source: source)
        return Layer(blob: blob, diffID: diffID, tarSize: tarSize, comment: comment)
    }
}
