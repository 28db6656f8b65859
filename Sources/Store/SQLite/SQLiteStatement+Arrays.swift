extension SQLiteStatement {
  /// Binds an array's bytes and runs while they are held.
  func run(blob bytes: [UInt8], at place: Int32) throws(StoreError) {
    try bytes.withBytes { (held) throws(StoreError) in
      bind(place, blob: held)
      try run()
    }
  }

  /// Binds a text, then runs.
  func run(text bytes: [UInt8], at place: Int32) throws(StoreError) {
    try bytes.withBytes { (held) throws(StoreError) in
      bind(place, text: held)
      try run()
    }
  }

  /// Binds two neighbouring texts, then runs.
  func run(texts first: [UInt8], _ second: [UInt8], at place: Int32) throws(StoreError) {
    try first.withBytes { (first) throws(StoreError) in
      try second.withBytes { (second) throws(StoreError) in
        bind(place, text: first)
        bind(place + 1, text: second)
        try run()
      }
    }
  }

  /// Binds three neighbouring texts, then runs.
  func run(
    texts first: [UInt8], _ second: [UInt8], _ third: [UInt8], at place: Int32
  ) throws(StoreError) {
    try third.withBytes { (third) throws(StoreError) in
      bind(place + 2, text: third)
      try run(texts: first, second, at: place)
    }
  }
}

extension [UInt8] {
  /// `withUnsafeBytes` that keeps the kind of error.
  @inline(__always)
  func withBytes(_ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void) throws(StoreError) {
    try withUnsafeBufferPointer { (buffer) throws(StoreError) in
      try body(UnsafeRawBufferPointer(buffer))
    }
  }
}
