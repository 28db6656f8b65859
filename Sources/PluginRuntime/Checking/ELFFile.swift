import Foundation

/// What an ELF shared object says of itself, read without running any of it.
package struct ELFFile {
  /// One entry of the dynamic symbol table.
  package struct Symbol: Equatable, Sendable {
    package let name: String
    package let isWeak: Bool
  }

  package let needed: [String]
  package let soname: String?
  package let runPath: String?
  /// Names others may bind to.
  package let exports: [Symbol]
  /// Names others have to bring.
  package let undefined: [Symbol]
  /// The stack of the whole process would become executable.
  package let wantsExecutableStack: Bool
  /// Code would be written to while it is loaded.
  package let hasTextRelocations: Bool

  /// Bytes of a library beyond which it is not looked at.
  package static let bytesMax = 1 << 30

  /// Reads the file; refuses what is no shared object for this machine, or damaged.
  package init(path: String) throws(PluginError) {
    try SharedObject.inspect(path: path)
    guard let data = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe),
      data.count <= Self.bytesMax
    else {
      throw PluginError(
        .notFound, "\(path) cannot be read; check its size and who may read it")
    }
    do {
      self = try data.withUnsafeBytes { try ELFFile(Image(bytes: $0)) }
    } catch {
      throw PluginError(
        .notSharedObject, "\(path) is a damaged shared object: \(error); build it again")
    }
  }

  private init(_ image: Image) throws {
    let segments = try image.segments()
    let dynamic = try image.dynamic(segments)
    let texts = try image.range(at: dynamic[.strings], count: dynamic[.stringBytes], segments)
    let symbols = try image.symbols(dynamic, texts, segments)
    func text(_ tag: Image.Tag) throws -> String? {
      guard let offset = dynamic.all[tag]?.first else { return nil }
      return try image.text(texts, offset)
    }
    var needed: [String] = []
    for offset in dynamic.all[.needed] ?? [] { needed.append(try image.text(texts, offset)) }
    self.needed = needed
    soname = try text(.soname)
    runPath = try text(.runPath) ?? text(.rPath)
    exports = symbols.filter { $0.isDefined && $0.isVisible }.map(\.symbol)
    undefined = symbols.filter { !$0.isDefined }.map(\.symbol)
    // Without the header the loader assumes the worst.
    let stack = segments.first { $0.type == Image.Segment.gnuStack }
    wantsExecutableStack = stack.map { $0.flags & Image.Segment.executable != 0 } ?? true
    hasTextRelocations =
      dynamic.all[.textRelocations] != nil
      || (dynamic.all[.flags]?.first ?? 0) & Image.textRelocationsFlag != 0
  }
}

extension ELFFile {
  /// What does not add up in a file.
  struct Damage: Error, CustomStringConvertible {
    let description: String
  }

  /// The file's bytes, and the structures in them. Every offset is checked.
  struct Image {
    struct Segment {
      static let load: UInt32 = 1
      static let dynamic: UInt32 = 2
      static let gnuStack: UInt32 = 0x6474_E551
      static let executable: UInt32 = 1

      let type: UInt32
      let flags: UInt32
      let offset: UInt64
      let address: UInt64
      let fileBytes: UInt64
    }

    enum Tag: UInt64 {
      case needed = 1
      case strings = 5
      case symbols = 6
      case stringBytes = 10
      case soname = 14
      case rPath = 15
      case textRelocations = 22
      case runPath = 29
      case flags = 30
    }

    struct Dynamic {
      var all: [Tag: [UInt64]] = [:]

      subscript(tag: Tag) -> UInt64 { all[tag]?.first ?? 0 }
    }

    struct FoundSymbol {
      let symbol: Symbol
      let isDefined: Bool
      let isVisible: Bool
    }

    static let textRelocationsFlag: UInt64 = 4
    private static let segmentsMax = 256
    private static let entriesMax = 4_096
    private static let symbolBytes: UInt64 = 24
    private static let dynamicSymbols: UInt32 = 11

    let bytes: UnsafeRawBufferPointer

    func read<T: FixedWidthInteger>(_ offset: UInt64, as type: T.Type) throws -> T {
      let size = UInt64(MemoryLayout<T>.size)
      guard offset <= UInt64(bytes.count), UInt64(bytes.count) - offset >= size else {
        throw Damage(description: "an offset of \(offset) lies behind its end")
      }
      return T(littleEndian: bytes.loadUnaligned(fromByteOffset: Int(offset), as: T.self))
    }

    /// Where the table of segments lies.
    func segmentTable() throws -> (offset: UInt64, bytes: UInt64) {
      let size = UInt64(try read(54, as: UInt16.self)) * UInt64(try read(56, as: UInt16.self))
      return (try read(32, as: UInt64.self), size)
    }

    func segments() throws -> [Segment] {
      let start = try read(32, as: UInt64.self)
      let (size, count) = (try read(54, as: UInt16.self), try read(56, as: UInt16.self))
      guard size >= 56, count <= Self.segmentsMax else {
        throw Damage(description: "\(count) program headers of \(size) bytes")
      }
      var found: [Segment] = []
      for index in 0..<UInt64(count) {
        let place = start &+ index * UInt64(size)
        found.append(
          Segment(
            type: try read(place, as: UInt32.self), flags: try read(place &+ 4, as: UInt32.self),
            offset: try read(place &+ 8, as: UInt64.self),
            address: try read(place &+ 16, as: UInt64.self),
            fileBytes: try read(place &+ 32, as: UInt64.self)))
      }
      return found
    }

    /// Throws where the dynamic loader would end the process: it reads what is mapped from behind the
    /// end of a file, as while that is being copied, and believes what it reads.
    func checkLoadable() throws {
      let segments = try segments()
      for segment in segments where segment.type == Segment.load {
        let (end, isOver) = segment.offset.addingReportingOverflow(segment.fileBytes)
        guard !isOver, end <= UInt64(bytes.count) else {
          throw Damage(description: "it has \(bytes.count) bytes, need \(end)")
        }
      }
      let dynamic = try dynamic(segments)
      guard dynamic.all[.strings] != nil, dynamic.all[.symbols] != nil else {
        throw Damage(description: "its dynamic section names no symbols")
      }
      _ = try range(at: dynamic[.strings], count: dynamic[.stringBytes], segments)
      _ = try offset(of: dynamic[.symbols], segments)
    }

    func dynamic(_ segments: [Segment]) throws -> Dynamic {
      guard let segment = segments.first(where: { $0.type == Segment.dynamic }) else {
        throw Damage(description: "it has no dynamic section")
      }
      var dynamic = Dynamic()
      for index in 0..<min(segment.fileBytes / 16, UInt64(Self.entriesMax)) {
        let place = segment.offset &+ index * 16
        let tag = try read(place, as: UInt64.self)
        if tag == 0 { break }
        if let tag = Tag(rawValue: tag) {
          dynamic.all[tag, default: []].append(try read(place &+ 8, as: UInt64.self))
        }
      }
      return dynamic
    }

    /// Where in the file an address is.
    func offset(of address: UInt64, _ segments: [Segment]) throws -> UInt64 {
      for segment in segments
      where segment.type == Segment.load && address >= segment.address
        && address - segment.address < segment.fileBytes
      {
        return segment.offset &+ (address - segment.address)
      }
      throw Damage(description: "the address \(address) is in no segment")
    }

    func range(
      at address: UInt64, count: UInt64, _ segments: [Segment]
    ) throws -> Range<UInt64> {
      let start = try offset(of: address, segments)
      guard start <= UInt64(bytes.count), count <= UInt64(bytes.count) - start else {
        throw Damage(description: "a table is cut short")
      }
      return start..<start + count
    }

    /// The text at that offset of the string table, up to its zero byte.
    func text(_ texts: Range<UInt64>, _ offset: UInt64) throws -> String {
      guard offset < texts.upperBound - texts.lowerBound else {
        throw Damage(description: "a name lies outside the table of names")
      }
      let rest = bytes[Int(texts.lowerBound + offset)..<Int(texts.upperBound)]
      return String(decoding: rest.prefix { $0 != 0 }, as: UTF8.self)
    }

    func symbols(
      _ dynamic: Dynamic, _ texts: Range<UInt64>, _ segments: [Segment]
    ) throws -> [FoundSymbol] {
      let start = try offset(of: dynamic[.symbols], segments)
      var found: [FoundSymbol] = []
      // The first entry stands for nothing.
      for index in 1..<max(try symbolCount(start, texts), 1) {
        let place = start &+ index * Self.symbolBytes
        let name = try read(place, as: UInt32.self)
        let (info, other) = (
          try read(place &+ 4, as: UInt8.self), try read(place &+ 5, as: UInt8.self)
        )
        let section = try read(place &+ 6, as: UInt16.self)
        let binding = info >> 4
        guard binding == 1 || binding == 2, name != 0 else { continue }
        found.append(
          FoundSymbol(
            symbol: Symbol(name: try text(texts, UInt64(name)), isWeak: binding == 2),
            isDefined: section != 0, isVisible: other & 3 == 0 || other & 3 == 3))
      }
      return found
    }

    /// The section headers tell; without them the names follow the symbols, as every linker lays
    /// them out.
    private func symbolCount(
      _ start: UInt64, _ texts: Range<UInt64>
    ) throws -> UInt64 {
      let headers = try read(40, as: UInt64.self)
      let (size, count) = (try read(58, as: UInt16.self), try read(60, as: UInt16.self))
      for index in 0..<UInt64(headers == 0 ? 0 : count) {
        let place = headers &+ index * UInt64(size)
        if try read(place &+ 4, as: UInt32.self) == Self.dynamicSymbols {
          return try read(place &+ 32, as: UInt64.self) / Self.symbolBytes
        }
      }
      return texts.lowerBound > start ? (texts.lowerBound - start) / Self.symbolBytes : 0
    }
  }
}
