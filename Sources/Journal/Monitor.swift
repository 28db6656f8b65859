import Glibc

/// A lock and a condition in one: what the journal's threads hand work over with.
final class Monitor: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    // Waits must not end early or late when somebody sets the clock.
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func lock() { pthread_mutex_lock(mutex) }

  func unlock() { pthread_mutex_unlock(mutex) }

  func withLock<Value, Failure>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
    lock()
    defer { unlock() }
    return try body()
  }

  /// Waits for a signal; the caller holds the lock and looks again afterwards.
  func wait() { pthread_cond_wait(condition, mutex) }

  /// As `wait`, until the deadline; false when it passed.
  func wait(until deadline: Deadline) -> Bool {
    var time = deadline.time
    return pthread_cond_timedwait(condition, mutex, &time) == 0
  }

  func signal() { pthread_cond_signal(condition) }

  func broadcast() { pthread_cond_broadcast(condition) }
}

extension Monitor {
  /// A moment on the monotonic clock.
  struct Deadline {
    fileprivate var time: timespec

    init(after duration: Duration) {
      time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      let parts = max(duration, .zero).components
      // A wait of more than a year is a wait for ever; sums beyond it could overflow.
      time.tv_sec += Int(min(parts.seconds, 31_536_000))
      time.tv_nsec += Int(parts.attoseconds / 1_000_000_000)
      if time.tv_nsec >= 1_000_000_000 {
        time.tv_nsec -= 1_000_000_000
        time.tv_sec += 1
      }
    }
  }
}
