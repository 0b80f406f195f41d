/// What is known of a path's filter: the first word on an attribute counts.
struct FilterDecision {
    /// What a line says of an attribute that may decide a filter.
    struct State {
        enum Value: UInt8 {
            case set
            case largeFiles
            /// Unset, unspecified, or a value that is not Git LFS.
            case other
        }

        static let filter: Int32 = -1
        /// `filter`, or the number of a macro.
        var name: Int32
        var value: Value

        var isLargeFiles: Bool { value == .largeFiles }
    }

    /// What macros stand for, by number.
    let macros: [[State]]
    private var decided: Set<Int32> = []
    /// Whether the filter is Git LFS; nil while nothing was said.
    private(set) var isLarge: Bool?

    init(macros: [[State]]) {
        self.macros = macros
    }

    /// Takes in what a line says, its last word first. A macro that is set says what it stands for at its place, once.
    ///
    /// A list and no recursion: macros may name macros as often as they are many.
    ///
    /// - Parameter check: called before each word.
    mutating func take(_ states: [State], _ check: () throws -> Void) rethrows {
        var waiting = states
        while isLarge == nil, let state = waiting.popLast() {
            try check()
            guard decided.insert(state.name).inserted else { continue }
            if state.name == State.filter {
                isLarge = state.isLargeFiles
            } else if state.value == .set {
                waiting += macros[Int(state.name)]
            }
        }
    }
}
