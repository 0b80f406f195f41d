internal import BuildModel

extension RepositoryURL {
    /// The Git LFS server of a repository, where `.lfsconfig` names none: git-lfs, "Server Discovery". Repositories over ssh and
    /// git:// are asked over https.
    var largeFileEndpoint: RepositoryURL {
        var endpoint = self
        while endpoint.path.hasSuffix("/") { endpoint.path.removeLast() }
        endpoint.path += endpoint.path.hasSuffix(".git") ? "/info/lfs" : ".git/info/lfs"
        guard scheme != "https" && scheme != "http" else { return endpoint }
        if !endpoint.path.hasPrefix("/") { endpoint.path = "/" + endpoint.path }
        (endpoint.scheme, endpoint.port, endpoint.isSCPForm) = ("https", nil, false)
        (endpoint.username, endpoint.password) = (nil, nil)
        return endpoint
    }
}
