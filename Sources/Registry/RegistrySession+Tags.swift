internal import BuildModel
internal import Documents
internal import HTTPTransport

extension RegistrySession {
    /// A repository with more pages of tags is asked for each tag by itself.
    private static let tagPages = 20

    /// The tags of a repository that begin with `sha256-`, as those do that something is attached to images with: distribution spec,
    /// "Listing Tags".
    ///
    /// - Returns: nil where the registry does not list them, or too many; where it lists none at all, it does not say.
    /// - Throws: `BuildFailure` if the task is cancelled.
    func digestTags(in repository: Repository) async throws -> Set<String>? {
        do {
            var (tags, isEmpty): (Set<String>, Bool) = ([], true)
            var next: HTTPURL? = try repository.url("tags/list?n=1000")
            for _ in 0..<Self.tagPages {
                guard let url = next else { break }
                guard let page = try await tagPage(url, in: repository) else { return nil }
                isEmpty = isEmpty && page.tags.isEmpty
                tags.formUnion(page.tags.filter { $0.hasPrefix("sha256-") })
                next = page.next
            }
            return next == nil && !isEmpty ? tags : nil
        } catch let failure as BuildFailure where failure.fault != .cancelled {
            // If the registry is in trouble, what is asked for next will say so.
            return nil
        }
    }

    private func tagPage(_ url: HTTPURL, in repository: Repository) async throws -> (tags: [String], next: HTTPURL?)? {
        let request = RegistryRequest(.get, url, in: repository, actions: "pull", purpose: "list the tags")
        let (response, body) = try await send(request)
        guard response.status == 200, let document = try? JSONDocument.parse(body), document["name"] != nil else {
            return nil
        }
        let hidesTLS = settings.hiddenTLS.contains(repository.registry)
        let next = try LinkHeader.next(response.headers.all("Link"), from: url, hidesTLS: hidesTLS)
        return ((document["tags"]?.array ?? []).compactMap(\.string), next)
    }
}
