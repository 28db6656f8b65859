import Glibc

/// A named thread that can be waited for.
final class WorkerThread: @unchecked Sendable {
  private final class Body {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  private let handle: pthread_t

  /// Nil when the machine gives no more threads. The kernel keeps 15 bytes of the name.
  init?(name: String, _ run: @escaping @Sendable () -> Void) {
    let body = Unmanaged.passRetained(Body(name: name, run: run))
    var handle = pthread_t()
    let failure = pthread_create(
      &handle, nil,
      { context in
        guard let context else { return nil }
        let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
        WorkerThread.nameSelf(body.name)
        body.run()
        return nil
      }, body.toOpaque())
    guard failure == 0 else {
      body.release()
      return nil
    }
    self.handle = handle
  }

  /// For whoever looks at the process from outside; failing is no harm.
  private static func nameSelf(_ name: String) {
    let descriptor = Glibc.open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = Glibc.write(descriptor, name, name.utf8.count)
    Glibc.close(descriptor)
  }

  /// Waits until the thread has ended; call it once.
  func join() { pthread_join(handle, nil) }
}
