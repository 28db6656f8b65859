import CIsolation
import Glibc

/// Memory that host and runner both map. Its size is sealed; pages cost nothing until touched.
final class SharedMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int
  /// To be handed to the runner, then closed.
  private(set) var descriptor: Int32 = -1

  /// `isReadOnly` is about the runner, which then can never map it for writing.
  init(_ name: String, count: Int, isReadOnly: Bool) throws(PluginError) {
    guard let mapped = tally_memory_make(name, count, isReadOnly ? 1 : 0, &descriptor) else {
      throw PluginError(
        .runner, "no shared memory for a runner: \(systemReason()); free memory, or run it inproc")
    }
    base = mapped
    self.count = count
  }

  deinit {
    closeDescriptor()
    munmap(base, count)
  }

  /// The runner has its own copy of the descriptor.
  func closeDescriptor() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }
}

/// What the last system call that failed said.
func systemReason() -> String { String(cString: strerror(errno)) }
