/// Sockets that a step left: nobody listens behind one in an image, and tar has no kind for them.
struct LeftOutSockets {
    private var number = 0
    private var first: [[UInt8]] = []

    mutating func count(_ path: [[UInt8]]) {
        if number == 0 { first = path }
        number += 1
    }

    /// For people; nil if there are none.
    var note: String? {
        guard number > 0 else { return nil }
        let place = "'/\(LayerFailure.shown(OutputPath.joined(first)))'"
        return number == 1
            ? "the socket \(place) is left out, which no image can have"
            : "\(number) sockets are left out, which no image can have; the first is \(place)"
    }
}
