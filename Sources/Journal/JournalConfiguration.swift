/// How a journal behaves; every bound has its name here.
package struct JournalConfiguration: Sendable {
  /// When an entry is answered.
  package enum Durability: String, Sendable {
    /// After `fdatasync`: it outlives a loss of power.
    case fsync
    /// After `write`: it outlives the process, not the machine.
    case os
  }

  /// The folder of the segments; made when missing.
  package var directory: String
  package var durability: Durability
  /// A segment is left for the next one before it would grow beyond this.
  package var segmentBytes: Int
  /// Entries that wait for the disk; beyond it `append` answers `.full`.
  package var queueBytesMax: Int
  package var entryBytesMax: Int
  /// Below this much free space `append` answers `.diskReserve`.
  package var diskReserveBytes: Int
  /// One group is one write and one sync.
  package var groupBytesMax: Int
  /// The wait between two attempts to write again after the disk failed.
  package var probeInterval: Duration
  /// Called at each point where a test may end the process; on the thread that got there.
  package var faultPoint: (@Sendable (JournalFault) -> Void)?
  /// The disk; tests put a failing one here.
  package var files: FileOperations

  package init(
    directory: String, durability: Durability = .fsync, segmentBytes: Int = 64 << 20,
    queueBytesMax: Int = 32 << 20, entryBytesMax: Int = 20 << 20,
    diskReserveBytes: Int = 256 << 20, groupBytesMax: Int = 4 << 20,
    probeInterval: Duration = .milliseconds(250),
    faultPoint: (@Sendable (JournalFault) -> Void)? = nil, files: FileOperations = .posix
  ) {
    self.directory = directory
    self.durability = durability
    self.segmentBytes = segmentBytes
    self.queueBytesMax = queueBytesMax
    self.entryBytesMax = entryBytesMax
    self.diskReserveBytes = diskReserveBytes
    self.groupBytesMax = groupBytesMax
    self.probeInterval = probeInterval
    self.faultPoint = faultPoint
    self.files = files
  }
}
