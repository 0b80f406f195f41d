/// One way in which a registry of the field differs from the letter of the distribution spec, or uses a freedom that it gives.
/// Without any, the fake is strict: what a client MUST do is insisted on.
package enum Quirk: String, Sendable, Hashable, CaseIterable {
    /// Answers a PATCH with 201 (ECR).
    case patch201
    /// Says after every PATCH that only the first chunk is there (ECR).
    case staleRange
    /// Takes no chunk but the last below a size, and says so in `OCI-Chunk-Min-Length` (ECR).
    case minimumChunk
    /// Takes no chunk over 1 MiB, and says so with 400 (ECR's largest part, made small).
    case maximumChunk
    /// Takes at most 100 chunks of one blob (ECR's 4,200, made small).
    case fewParts
    /// Cuts the connection in the middle of a body for a repository that does not exist (ECR).
    case missingRepositoryCut
    /// Does not mount: opens an upload (ECR's default, Artifactory, anonymous users of distribution).
    case mountRefused
    /// Mounts only what a manifest of the source refers to (ECR).
    case mountReferencedOnly
    /// Answers every mount with an error (ECR Public).
    case mountError
    /// Answers 502 to every mount (a proxy whose registry copies for too long).
    case mountBadGateway
    /// Knows no mount without `from` (Quay).
    case mountNeedsFrom
    /// Answers 401 to a mount from a project that does not exist (Harbor).
    case mountUnauthorized
    /// Answers the first manifest with 429 (ECR's ten a second).
    case manifestRateLimit
    /// Answers 429 to more than 20 requests within a second, and does not say how long to wait (Docker Hub, ECR).
    case rateLimit
    /// Answers 404 to a token asked for by POST (GCR).
    case tokenPost404
    /// Answers the first request for a token with 429, and says how long to wait.
    case tokenRateLimit
    /// Gives tokens that live for two seconds (Artifact Registry's short ones).
    case shortTokens
    /// Gives no token at all when one of the scopes may not be given (Docker Hub).
    case badScopeKillsToken
    /// Reads the first scope alone (Harbor, once).
    case firstScopeOnly
    /// Sends challenges without a scope (Quay).
    case challengeWithoutScope
    /// Loses a blob between HEAD and the manifest (Artifact Registry's collector).
    case collectsBlobs
    /// Answers 416 to chunks over 4 MiB (GHCR).
    case rangedLimit
    /// Takes a second to commit (GHCR takes many).
    case slowCommit
    /// Keeps no list of referrers, but gives ETags and takes a manifest only where If-Match or If-None-Match hold.
    case conditionalTags
    /// Takes no artifact manifests and no index in an index (Quay).
    case noArtifacts
    /// Answers 409 to a manifest while it takes the same one (Oracle).
    case concurrentManifest409
    /// Warns of something with each answer (Docker Hub).
    case warns
    /// Keeps no list of referrers: there is no such page (GHCR, distribution 2).
    case noReferrers
    /// Answers NAME_UNKNOWN when it is asked what refers to something in a repository that has nothing yet.
    case emptyRepository404
    /// Lists one referrer to a page.
    case pagedReferrers
    /// Lets nobody close an upload (Quay).
    case noCancel
    /// Sets a session cookie, and refuses requests that bring it back (Harbor).
    case csrfCookie
    /// Answers 413 in HTML to requests over 1 MiB (nginx as it comes).
    case requestLimit
    /// Lists no tags, though it has some.
    case emptyTagList
    /// Does not list the tags of what is attached to images (Harbor's accessories).
    case hidesAttachedTags
    /// Answers 403 for a tag that is not there (Artifactory).
    case absentTag403
    /// Takes bytes by PATCH alone; the request that closes an upload has none (Artifactory, once).
    case wantsPatch
    /// Wraps that a tag may not be overwritten into MANIFEST_INVALID (Artifactory).
    case overwriteBan
    /// Answers 405 to HEAD of manifests.
    case headManifest405
    /// Forgets an upload whose connection broke (ACR).
    case noResume
    /// Does not look at Content-Range (distribution 2.8).
    case ignoresContentRange
    /// Sends a Location without scheme and host.
    case relativeLocation
    /// Sends a Location with host and without scheme.
    case hostOnlyLocation
    /// Takes uploads at another origin, which must not see the authorization.
    case uploadsElsewhere
    /// Sends requests that have a body on to another origin with 307 when it has read them; that must not see the authorization.
    case redirectsElsewhere
    /// Sends them on to another place of its own with 308 before it has read them; there the authorization is wanted.
    case redirectsWithin
    /// Answers with other statuses of success than the spec names, as several do.
    case looseStatuses
    /// Takes no index, and layers in gzip alone (Lambda, Cloud Run, old Docker).
    case plainImagesOnly
    /// Lets no tag move (ECR, Artifact Registry).
    case immutableTags
    /// Does not send Docker-Content-Digest, which is optional.
    case noDigestHeader
    /// Does not answer `Expect: 100-continue` (old proxies).
    case ignoresExpect
    /// Sends whole blobs where a range was asked for.
    case ignoresRange

    /// For the command line: `patch-201`, `no-resume`.
    package var switchName: String {
        var name = ""
        for character in rawValue {
            let startsWord = character.isUppercase || (character.isNumber && name.last?.isNumber == false)
            if startsWord && name.last != "-" { name += "-" }
            name += character.lowercased()
        }
        return name
    }
}
