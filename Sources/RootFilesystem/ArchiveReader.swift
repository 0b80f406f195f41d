internal import BuildModel
internal import CArchive
internal import Glibc

/// Reads an archive with libarchive, piece by piece from a source.
///
/// Owns a `struct archive`; freed with the last reference. Confined to one thread.
@safe
final class ArchiveReader {
    /// Returns the next bytes, which stay as they are until it is called again; empty at the end.
    typealias Source = () throws(BuildFailure) -> UnsafeRawBufferPointer

    enum Form {
        /// One stream without a format, inflated.
        case stream(Compression)
        /// A tar archive.
        case tar
    }

    private let archive: OpaquePointer
    private let source: Source
    /// What the source threw while libarchive called it.
    private var sourceFailure: BuildFailure?
    private var padding: TarPadding?
    /// Bytes of the present entry's content.
    private var entrySize: Int64 = 0

    init(_ form: Form, source: @escaping Source) throws(BuildFailure) {
        guard let archive = unsafe archive_read_new() else { throw UnpackFailure.archive("no memory") }
        unsafe self.archive = archive
        unsafe self.source = source
        if case .tar = form { padding = TarPadding() }
        switch form {
        case .stream(let compression):
            unsafe archive_read_support_format_raw(archive)
            unsafe archive_read_append_filter(archive, compression.filter)
        case .tar:
            unsafe archive_read_support_format_tar(archive)
            unsafe archive_read_append_filter(archive, ARCHIVE_FILTER_NONE)
        }
        let client = unsafe Unmanaged.passUnretained(self).toOpaque()
        try check(unsafe archive_read_open(archive, client, nil, { unsafe ArchiveReader.read($0, $1, $2) }, nil))
    }

    deinit { unsafe archive_read_free(archive) }

    private static func read(
        _ archive: OpaquePointer?,
        _ client: UnsafeMutableRawPointer?,
        _ target: UnsafeMutablePointer<UnsafeRawPointer?>?
    ) -> Int {
        guard let client = unsafe client else { return -1 }
        let reader = unsafe Unmanaged<ArchiveReader>.fromOpaque(client).takeUnretainedValue()
        do throws(BuildFailure) {
            var bytes = try unsafe reader.source()
            if let padding = reader.padding { unsafe bytes = unsafe padding.following(bytes) }
            unsafe target?.pointee = bytes.baseAddress
            return bytes.count
        } catch {
            reader.sourceFailure = error
            return -1
        }
    }

    /// Goes to the next entry; nil at the archive's end.
    func next() throws(BuildFailure) -> ArchiveEntry? {
        var entry: OpaquePointer?
        padding?.isDue = true
        let result = unsafe archive_read_next_header(archive, &entry)
        padding?.isDue = false
        if result == ARCHIVE_EOF { return nil }
        try check(result)
        guard let entry = unsafe entry else { throw UnpackFailure.archive("an entry is missing") }
        entrySize = unsafe archive_entry_size(entry)
        return try unsafe ArchiveEntry(entry)
    }

    /// Lends the present entry's content, block by block with each block's offset; holes are left out.
    func forEachBlock(_ body: (UnsafeRawBufferPointer, Int64) throws(BuildFailure) -> Void) throws(BuildFailure) {
        var end: Int64 = 0
        while true {
            var block: UnsafeRawPointer?
            var (size, offset) = (0, la_int64_t(0))
            // After the last byte of the content comes what is behind it.
            padding?.isDue = end == entrySize
            let result = unsafe archive_read_data_block(archive, &block, &size, &offset)
            if result == ARCHIVE_EOF { return }
            try check(result)
            end = offset + Int64(size)
            try unsafe body(UnsafeRawBufferPointer(start: block, count: size), offset)
        }
    }

    /// A warning is no failure: it tells, for example, of names that are not in the locale's encoding.
    private func check(_ result: Int32) throws(BuildFailure) {
        if result == ARCHIVE_OK || result == ARCHIVE_WARN { return }
        if let sourceFailure { throw sourceFailure }
        throw UnpackFailure.archive(unsafe archive_error_string(archive).map { unsafe String(cString: $0) } ?? "")
    }
}

/// Fills up the last block of a tar. POSIX wants whole blocks, and two of zeros at the end; Go's archive/tar leaves out both where
/// nobody closes its writer, and its reader takes that, so containerd and umoci do. libarchive takes a missing end alone.
///
/// Behind content only: content that is cut short stays an error.
@safe
private final class TarPadding {
    private static let block = 512
    private let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: block, alignment: 16)
    private var count = 0
    /// Whether libarchive has all of an entry's content.
    var isDue = false

    init() { unsafe zeros.initializeMemory(as: UInt8.self, repeating: 0) }

    deinit { unsafe zeros.deallocate() }

    /// The bytes themselves, or at their end what is lacking in the last block.
    func following(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard unsafe bytes.isEmpty else {
            count = (count + bytes.count) % Self.block
            return unsafe bytes
        }
        guard isDue, count > 0 else { return unsafe bytes }
        defer { count = 0 }
        return unsafe UnsafeRawBufferPointer(rebasing: zeros[..<(Self.block - count)])
    }
}

/// How a blob is compressed, by the bytes that it begins with; media types do not always tell.
enum Compression {
    case none, gzip, zstd

    init(magic: [UInt8]) {
        if magic.starts(with: [0x1f, 0x8b]) {
            self = .gzip
        } else if magic.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
            self = .zstd
        } else {
            self = .none
        }
    }

    fileprivate var filter: Int32 {
        switch self {
        case .none: ARCHIVE_FILTER_NONE
        case .gzip: ARCHIVE_FILTER_GZIP
        case .zstd: ARCHIVE_FILTER_ZSTD
        }
    }
}
