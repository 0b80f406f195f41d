package import BuildModel

/// Bytes in memory as the content of a blob: manifests, configs and small layers.
package struct InMemoryContent: BlobContent {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var size: Int64 { Int64(bytes.count) }

    package func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        guard offset < size else { return 0 }
        let chunk = bytes[Int(offset)..<min(bytes.count, Int(offset) + buffer.count)]
        unsafe buffer.copyBytes(from: chunk)
        return chunk.count
    }
}
