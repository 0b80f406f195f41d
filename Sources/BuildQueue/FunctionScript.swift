internal import Platform
internal import RedisTransport

/// The functions as a script, for servers that forbid `FUNCTION`: the same source, in which registering a function only
/// notes it, and a last line that calls the one that is asked for. Redis keeps scripts in memory alone; they are sent again
/// when it says `NOSCRIPT`.
struct FunctionScript: Sendable {
    let code: [UInt8]
    /// What `EVALSHA` names it by.
    let digest: String

    /// For functions that must run on a full server too.
    static let ending = FunctionScript(flags: " flags=allow-oom")
    /// For those that add to what is there.
    static let adding = FunctionScript(flags: "")
    /// For those that only look, which a replica runs too.
    static let looking = FunctionScript(flags: " flags=no-writes")

    static func of(_ function: String) -> FunctionScript {
        switch function {
        case "enqueue", "log", "retry": adding
        case "probe", "explain", "overview": looking
        default: ending
        }
    }

    private init(flags: String) {
        let head = """
            #!lua\(flags)
            local registered, host = {}, redis
            local redis = setmetatable({register_function = function(about, callback)
                if type(about) == 'table' then
                    registered[about.function_name] = about.callback
                else
                    registered[about] = callback
                end
            end}, {__index = host})

            """
        let call = "\nreturn registered['\(FunctionLibrary.name)_' .. table.remove(ARGV, 1)](KEYS, ARGV)\n"
        let body = FunctionLibrary.code.drop { $0 != UInt8(ascii: "\n") }
        code = Array(head.utf8) + body + Array(call.utf8)
        digest = ScriptDigest.text(of: code)
    }
}
