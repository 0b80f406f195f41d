package import BuildQueue
internal import Registry

extension FarmMemory: BlobMemory {}
