import ArgumentParser
import BuildModel
import ImageBuild
import Platform
import Registry
import Telemetry
import Worker

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Shows what an image is made of, and whether it is as the OCI specification wants it.",
        discussion: """
            Without --verify the manifest and the config are looked at. With it every layer is read, hashed and unpacked in memory:
            what unpackers pass over in silence is found too, in every image of an index. Of what is no image there, the bytes are
            compared with their digests. A failed check ends with status 1.

            EXAMPLES:
              slipway inspect oci:/tmp/image:app
              slipway inspect docker://127.0.0.1:5000/team/app:1 --verify
              slipway inspect oci:/tmp/image:app --verify -o json | jq '.checks[] | select(.problem)'
            """
    )

    @Argument(help: ArgumentHelp(OutputTarget.forms, valueName: "image"))
    var image: OutputTarget
    @Flag(help: "Read the layers and check them too.")
    var verify = false
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        let workshop = try Workshop(try options.load())
        let inspection = try await image.reading(workshop) { image in
            try await ImageInspection(image, workshop: workshop, verifies: verify)
        }
        await workshop.close()
        format.output.print(inspection.json) { inspection.text }
        if !inspection.problems.isEmpty { throw ExitCode(1) }
    }
}
