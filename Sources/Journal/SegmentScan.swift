/// What stands in one segment file, in order; decides nothing.
struct SegmentScan: Equatable {
  enum Finding: Equatable {
    /// A whole header; the entries after it are as they were written, or not. Intact groups that
    /// follow each other are one finding with a header for all of them, or a long journal would
    /// fill the memory.
    case group(GroupHeader, isIntact: Bool, count: Int = 1)
    /// Bytes that are no group.
    case noise(Range<Int>)
  }

  let sequence: UInt64
  /// Size of the file, zeros at its end included.
  let fileBytes: Int
  let findings: [Finding]

  init(sequence: UInt64, fileBytes: Int, findings: [Finding]) {
    self.sequence = sequence
    self.fileBytes = fileBytes
    self.findings = findings
  }

  /// Reads the whole file. `boundary` is where the next segment says that this one ends: no finding
  /// reaches across it.
  init(path: String, sequence: UInt64, boundary: Int? = nil) throws(JournalError) {
    let window = try FileWindow(path: path)
    var walk = Walk(window: window, sequence: sequence, boundary: boundary)
    try walk.run()
    self.init(sequence: sequence, fileBytes: window.size, findings: walk.findings)
  }

  var headers: [GroupHeader] {
    findings.compactMap {
      if case .group(let header, _, _) = $0 { header } else { nil }
    }
  }
}

extension SegmentScan {
  private struct Walk {
    let window: FileWindow
    let sequence: UInt64
    let boundary: Int?
    var findings: [Finding] = []
    /// That of the first header found; groups of the segment share it.
    var nonce: UInt64?
    var offset = 0

    init(window: FileWindow, sequence: UInt64, boundary: Int?) {
      self.window = window
      self.sequence = sequence
      self.boundary = boundary
    }

    mutating func run() throws(JournalError) {
      while offset < window.size {
        if let header = try header(at: offset) {
          try take(header)
        } else {
          try skipNoise()
        }
      }
    }

    private mutating func take(_ header: GroupHeader) throws(JournalError) {
      nonce = header.nonce
      var isIntact = false
      if header.end <= window.size {
        let body = try window.bytes(header.offset + GroupHeader.size..<header.end)
        isIntact = EntryFrame.isIntact(body: body, entryCount: header.entryCount)
      }
      add(header, isIntact: isIntact)
      offset = min(header.end, window.size)
    }

    private mutating func add(_ header: GroupHeader, isIntact: Bool) {
      guard isIntact, header.offset != boundary, let last = findings.indices.last,
        case .group(let before, isIntact: true, let count) = findings[last],
        let both = before.joined(with: header)
      else { return findings.append(.group(header, isIntact: isIntact)) }
      findings[last] = .group(both, isIntact: true, count: count + 1)
    }

    /// From bytes that are no header to the next header, or to the zeros that end the file.
    private mutating func skipNoise() throws(JournalError) {
      let start = offset
      if let next = try nextHeader(after: start) {
        findings.append(.noise(start..<next))
        offset = next
      } else {
        let end = try endOfData(from: start)
        if end > start { findings.append(.noise(start..<end)) }
        offset = window.size
      }
    }

    private func header(at offset: Int) throws(JournalError) -> GroupHeader? {
      guard offset + GroupHeader.size <= window.size,
        let base = try window.bytes(offset..<offset + GroupHeader.size).baseAddress,
        let header = GroupHeader(base, sequence: sequence, offset: offset),
        nonce == nil || nonce == header.nonce
      else { return nil }
      return header
    }

    private func nextHeader(after start: Int) throws(JournalError) -> Int? {
      var at = start + 1
      while at + GroupHeader.size <= window.size {
        let piece = try window.piece(at: at)
        guard let hit = piece.offset(of: GroupHeader.magicFirstByte) else {
          at += piece.count
          continue
        }
        at += hit
        if try header(at: at) != nil { return at }
        at += 1
      }
      return nil
    }

    /// After the last byte that is not zero.
    private func endOfData(from start: Int) throws(JournalError) -> Int {
      var at = start
      var end = start
      while at < window.size {
        let piece = try window.piece(at: at)
        if !Zeros.fill(piece), let last = piece.lastIndex(where: { $0 != 0 }) {
          end = at + last + 1
        }
        at += piece.count
      }
      return end
    }
  }
}
