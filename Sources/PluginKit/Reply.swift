import PluginABI

/// The answer: 200 with a JSON body, unless said otherwise. Borrowed.
public struct Reply: ~Copyable {
  private let pointer: UnsafePointer<tally_reply>

  init(_ pointer: UnsafePointer<tally_reply>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_reply>.size) else {
      throw PluginError(.unsupported, "the host's tally_reply is older than this plugin")
    }
    self.pointer = pointer
  }

  /// Sets the HTTP status, before or after writing.
  public func status(_ status: Int) {
    pointer.pointee.status?(pointer.pointee.ctx, UInt32(clamping: status))
  }

  /// Sets a header of the answer.
  public func header(_ name: Text, _ value: Text) {
    pointer.pointee.header?(pointer.pointee.ctx, name.abi, value.abi)
  }

  /// Appends text as it is.
  public func write(_ text: Text) {
    pointer.pointee.write?(pointer.pointee.ctx, text.abi)
  }

  /// Appends text as a JSON string, quoted and escaped.
  public func string(_ text: Text) {
    pointer.pointee.string?(pointer.pointee.ctx, text.abi)
  }

  /// Appends text as a JSON string, quoted and escaped.
  public func string(_ string: String) {
    Text.with(string) { self.string($0) }
  }

  /// Appends a whole number.
  public func number(_ number: Int64) {
    TextBuffer.with(capacity: 24) { buffer in
      buffer.append(number)
      write(buffer.text())
    }
  }

  /// Appends a number.
  public func number(_ number: Double) {
    guard number.isFinite else { return write("null") }
    TextBuffer.with(capacity: TextBuffer.numberBytesMax) { buffer in
      buffer.append(number)
      write(buffer.text())
    }
  }

  /// Appends numbers with commas between them; for long lists, far cheaper than one by one.
  public func numbers(_ numbers: some Sequence<Double>) {
    TextBuffer.with(capacity: 2_048) { buffer in
      var isFirst = true
      for number in numbers {
        if buffer.capacity - buffer.count < TextBuffer.numberBytesMax + 1 {
          write(buffer.text())
          buffer.truncate()
        }
        if !isFirst { buffer.append(UInt8(ascii: ",")) }
        isFirst = false
        if number.isFinite {
          buffer.append(number)
        } else {
          Text.with("null") { buffer.append($0) }
        }
      }
      write(buffer.text())
    }
  }

  /// Appends a bare object with one message, as failing requests are answered.
  public func refuse(_ status: Int, _ reason: String) {
    self.status(status)
    write("{\"result\":")
    string(reason)
    write("}")
  }
}
