import Foundation

/// An ELF file, judged before the dynamic loader maps it and any of its code runs.
enum SharedObject {
  static let machineNames: [UInt16: String] = [
    3: "i386", 40: "arm", 62: "x86-64", 183: "aarch64", 243: "risc-v",
  ]

  #if arch(x86_64)
    static let hostMachine: UInt16 = 62
  #else
    static let hostMachine: UInt16 = 183
  #endif

  /// Refuses what the dynamic loader would refuse with fewer words.
  static func inspect(path: String) throws(PluginError) {
    // A pipe would be waited for.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw PluginError(
        .notFound, "\(path) cannot be read; install the plugin there or set `path` in plugins.yaml")
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var info = stat()
    guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      throw PluginError(
        .notSharedObject, "\(path) is no file; need a shared object (.so) built for Linux")
    }
    let head = [UInt8]((try? file.read(upToCount: 64)) ?? Data())
    guard head.count == 64, head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      throw PluginError(
        .notSharedObject, "\(path) is not an ELF file; need a shared object (.so) built for Linux")
    }
    let type = UInt16(head[16]) | UInt16(head[17]) << 8
    let machine = UInt16(head[18]) | UInt16(head[19]) << 8
    guard head[4] == 2, type == 3, machine == hostMachine else {
      throw PluginError(
        .notSharedObject,
        "\(path) is \(describe(bits: head[4], type: type, machine: machine)); "
          + "need a 64-bit shared object for \(name(of: hostMachine)); rebuild it with -shared -fPIC"
      )
    }
    do {
      try withRoom(min(Int(info.st_size), PluginImage.bytesMax)) { room in
        try checkLoadable(file, in: room)
      }
    } catch {
      throw PluginError(
        .notSharedObject,
        "\(path) is cut short or damaged: \(error); copy it again, or build it again")
    }
  }

  /// Reads what the check looks at, where it lies in the file; the rest of the room costs nothing.
  private static func checkLoadable(
    _ file: FileHandle, in room: UnsafeMutableRawBufferPointer
  ) throws {
    func read(_ offset: UInt64, _ count: UInt64) {
      guard let base = room.baseAddress, offset < room.count else { return }
      let count = min(Int(clamping: count), room.count - Int(offset))
      _ = pread(file.fileDescriptor, base + Int(offset), count, off_t(offset))
    }
    let image = ELFFile.Image(bytes: UnsafeRawBufferPointer(room))
    read(0, 64)
    let table = try image.segmentTable()
    read(table.offset, table.bytes)
    for segment in try image.segments() where segment.type == ELFFile.Image.Segment.dynamic {
      read(segment.offset, segment.fileBytes)
    }
    try image.checkLoadable()
  }

  /// As much room as a file has bytes. Not the mapped file: one that is cut short meanwhile would end
  /// the process. In pages of their own: malloc takes what is freed for the usual size, and keeps as
  /// much from then on.
  private static func withRoom(
    _ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let pages = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let pages, pages != MAP_FAILED else {
      throw ELFFile.Damage(description: "there is no memory for its \(count) bytes")
    }
    defer { munmap(pages, count) }
    try body(UnsafeMutableRawBufferPointer(start: pages, count: count))
  }

  private static func describe(bits: UInt8, type: UInt16, machine: UInt16) -> String {
    let kinds: [UInt16: String] = [
      1: "an object file", 2: "a program", 3: "a shared object", 4: "a core dump",
    ]
    return
      "\(kinds[type] ?? "an ELF file of type \(type)") (\(bits == 2 ? 64 : 32)-bit, \(name(of: machine)))"
  }

  private static func name(of machine: UInt16) -> String {
    machineNames[machine] ?? "machine \(machine)"
  }
}
