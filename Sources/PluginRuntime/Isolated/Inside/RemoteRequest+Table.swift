import PluginABI

/// The functions behind `tally_request` and `tally_reply` in a runner.
extension RemoteRequest {
  private static func from(_ ctx: UnsafeMutableRawPointer?) -> RemoteRequest {
    guard let ctx else { preconditionFailure("the ctx of a request was not handed back") }
    return Unmanaged<RemoteRequest>.fromOpaque(ctx).takeUnretainedValue()
  }

  func makeRequest() -> tally_request {
    var table = tally_request()
    table.struct_size = UInt32(MemoryLayout<tally_request>.size)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.parameter = { RemoteRequest.from($0).parameter($1) }
    table.document = { RemoteRequest.from($0).document($1) }
    table.totals = { RemoteRequest.from($0).totals($1, $2, $3) }
    table.names = { RemoteRequest.from($0).names($1, $2, $3, $4) }
    table.get = { RemoteRequest.from($0).get($1, $2, $3) }
    table.list = { RemoteRequest.from($0).list($1, $2, $3) }
    table.rows = { RemoteRequest.from($0).rows($1, $2, $3, $4, $5) }
    table.cell = { RemoteRequest.from($0).cell($1, $2) }
    table.is_cancelled = { RemoteRequest.from($0).isCancelled }
    return table
  }

  func makeReply() -> tally_reply {
    var table = tally_reply()
    table.struct_size = UInt32(MemoryLayout<tally_reply>.size)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.status = { RemoteRequest.from($0).put(.status, $1, tally_str()) }
    table.write = { RemoteRequest.from($0).put(.write, 0, $1) }
    table.string = { RemoteRequest.from($0).put(.string, 0, $1) }
    table.header = { RemoteRequest.from($0).put(header: $1, $2) }
    return table
  }

  private func put(_ kind: Wire.Entry, _ number: UInt32, _ text: tally_str) {
    guard reserve(8 + WireWriter.room(text.bytes.count)) else { return }
    exchange.writer.put(kind.rawValue, number)
    exchange.writer.put(text)
  }

  private func put(header name: tally_str, _ value: tally_str) {
    guard reserve(8 + WireWriter.room(name.bytes.count) + WireWriter.room(value.bytes.count)) else {
      return
    }
    exchange.writer.put(Wire.Entry.header.rawValue, 0)
    exchange.writer.put(name)
    exchange.writer.put(value)
  }

  private var isCancelled: Int32 {
    guard reserve(8) else { return 0 }
    exchange.writer.put(Wire.Entry.cancelled.rawValue, 0)
    return ask().status
  }

  // MARK: Counters

  private func document(_ question: UnsafePointer<tally_question>?) -> tally_status {
    guard put(.document, question) else { return TALLY_INVALID }
    return ask().status
  }

  private func totals(
    _ question: UnsafePointer<tally_question>?, _ visitContext: UnsafeMutableRawPointer?,
    _ visit: (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<tally_total>?) -> Int32)?
  ) -> tally_status {
    guard let visit, put(.totals, question) else { return TALLY_INVALID }
    return visiting { given throws(WireDamage) in
      var total = tally_total()
      total.struct_size = UInt32(MemoryLayout<tally_total>.size)
      total.name = try given.tallyText()
      total.error = Double(bitPattern: try given.word())
      total.n_measures = UInt32(truncatingIfNeeded: try given.word())
      total.measures = try given.words(Int(total.n_measures)).map { UnsafePointer($0) }
      return withUnsafePointer(to: total) { visit(visitContext, $0) }
    }
  }

  private func names(
    _ metric: UInt32, _ subject: tally_str, _ visitContext: UnsafeMutableRawPointer?,
    _ visit: (@convention(c) (UnsafeMutableRawPointer?, tally_str) -> Int32)?
  ) -> tally_status {
    guard let visit, put(.names, metric, key: subject) else { return TALLY_INVALID }
    return visiting { given throws(WireDamage) in visit(visitContext, try given.tallyText()) }
  }

  private func put(
    _ kind: Wire.Entry, _ pointer: UnsafePointer<tally_question>?
  ) -> Bool {
    guard let pointer, Int(pointer.pointee.struct_size) >= MemoryLayout<tally_question>.size else {
      return false
    }
    let question = pointer.pointee
    let texts = [question.subject, question.dimension, question.value, question.period]
    guard reserve(texts.reduce(16) { $0 + WireWriter.room($1.bytes.count) }) else { return false }
    exchange.writer.put(kind.rawValue, question.metric)
    exchange.writer.put(UInt64(question.flags))
    for text in texts { exchange.writer.put(text) }
    return true
  }

  // MARK: Data

  private func get(
    _ collection: UInt32, _ key: tally_str, _ out: UnsafeMutablePointer<tally_bytes>?
  ) -> tally_status {
    guard let out, put(.get, collection, key: key) else { return TALLY_INVALID }
    return one(out)
  }

  private func cell(_ user: UInt64, _ out: UnsafeMutablePointer<tally_bytes>?) -> tally_status {
    guard let out, put(.cellOfUser, 0, key: tally_str(), number: user) else {
      return TALLY_INVALID
    }
    return one(out)
  }

  private func list(
    _ collection: UInt32, _ visitContext: UnsafeMutableRawPointer?,
    _ visit: (@convention(c) (UnsafeMutableRawPointer?, tally_str, tally_bytes) -> Int32)?
  ) -> tally_status {
    guard let visit, put(.list, collection, key: tally_str()) else { return TALLY_INVALID }
    return visiting { given throws(WireDamage) in
      let key = try given.tallyText()
      return visit(visitContext, key, tally_bytes(try given.data()))
    }
  }

  private func rows(
    _ table: UInt32, _ key: tally_str, _ limit: UInt32,
    _ visitContext: UnsafeMutableRawPointer?,
    _ visit: (
      @convention(c) (UnsafeMutableRawPointer?, tally_str, Int64, tally_bytes) -> Int32
    )?
  ) -> tally_status {
    guard let visit, put(.rows, table, key: key, number: UInt64(limit)) else {
      return TALLY_INVALID
    }
    return visiting { given throws(WireDamage) in
      let key = try given.tallyText()
      let received = Int64(bitPattern: try given.word())
      return visit(visitContext, key, received, tally_bytes(try given.data()))
    }
  }

  private func put(
    _ kind: Wire.Entry, _ place: UInt32, key: tally_str, number: UInt64 = 0
  ) -> Bool {
    guard reserve(16 + WireWriter.room(key.bytes.count)) else { return false }
    exchange.writer.put(kind.rawValue, place)
    exchange.writer.put(number)
    exchange.writer.put(key)
    return true
  }

  /// Hands out the one value that is given.
  private func one(_ out: UnsafeMutablePointer<tally_bytes>) -> tally_status {
    var (status, given) = ask()
    guard status == TALLY_OK, let bytes = try? given.data() else { return status }
    out.pointee = tally_bytes(bytes)
    return TALLY_OK
  }

  /// Calls `visit` with each element that is given, until it says 0.
  private func visiting(
    _ visit: (inout WireReader) throws(WireDamage) -> Int32
  ) -> tally_status {
    var (status, given) = ask()
    guard status == TALLY_OK else { return status }
    do throws(WireDamage) {
      while !given.isAtEnd { if try visit(&given) == 0 { break } }
      return TALLY_OK
    } catch { return TALLY_FAILED }
  }
}
