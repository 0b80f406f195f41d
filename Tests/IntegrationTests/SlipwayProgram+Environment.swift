import TestSupport

extension SlipwayProgram {
    /// What a build in one process needs: a cache of its own, this checkout's rules, and the base images that were made once.
    static func environment(cache: String) -> [String: String] {
        [
            "SLIPWAY_CACHE_DIRECTORY": cache, "SLIPWAY_BUILDPACKS_DIRECTORY": "\(Checkout.root)/buildpacks",
            "SLIPWAY_REGISTRIES_LAYOUTS": "\(Cache.directory)/base-images",
        ]
    }
}
