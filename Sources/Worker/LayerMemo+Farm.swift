package import BuildQueue
internal import ImageBuild

extension FarmMemory: LayerMemory {}
