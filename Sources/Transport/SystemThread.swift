import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A thread of the system, for what must not wait for a turn among tasks.
package enum SystemThread {
    /// Runs a body on a thread of its own that takes no signals: handlers run elsewhere, and a write to a closed connection is an error
    /// code instead of SIGPIPE.
    /// - Parameter name: As the system lists it, at most 15 characters.
    /// - Throws: Why there is no such thread; the body does not run then.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(Failure) {
        final class Body: Sendable {
            let name: String
            let run: @Sendable () -> Void
            init(_ name: String, _ run: @escaping @Sendable () -> Void) {
                self.name = name
                self.run = run
            }
        }
        let context = Unmanaged.passRetained(Body(name, body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { context in
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_BLOCK, &all, nil)
                if let context {
                    let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                    ccurl_name_thread(body.name)
                    body.run()
                }
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw Failure(description: "the system gives no thread for '\(name)': \(String(cString: strerror(code)))")
        }
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }
}
