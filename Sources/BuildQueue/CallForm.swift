internal import Synchronization

/// How the functions are called on this server: found out once, shared by all who use one client.
final class CallForm: Sendable {
    enum Form: Sendable, Hashable {
        /// `FCALL`.
        case functions
        /// `EVALSHA`: the server forbids `FUNCTION`, or does not have it.
        case scripts
    }

    private let form: Mutex<Form>

    init(_ form: Form = .functions) {
        self.form = Mutex(form)
    }

    var current: Form { form.withLock { $0 } }

    func use(_ form: Form) { self.form.withLock { $0 = form } }
}
