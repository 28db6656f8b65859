import PluginABI

/// One request as intake hooks see it, written down: for hooks that are called later, here or in
/// another process. Borrows the bytes it was read from.
final class IntakeFrame: IntakeParameters {
  let shown: IntakeCall.Shown
  private var parameters: [(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)] = []

  static func write(
    _ arrival: IntakeStage.Arrival, _ parameters: any IntakeParameters
  ) -> [UInt8] {
    var frame = ServiceFrame()
    frame.put(arrival.app, arrival.isBulk ? 1 : 0)
    frame.put(UInt64(bitPattern: arrival.receivedMs))
    frame.put(arrival.appID)
    frame.put(arrival.device)
    frame.put(arrival.address)
    var names = ServiceFrame()
    var count: UInt64 = 0
    parameters.forEachParameter { name, value in
      count += 1
      names.put(name)
      names.put(value)
    }
    frame.put(count)
    return frame.bytes + names.bytes
  }

  init(_ reader: inout WireReader) throws(WireDamage) {
    var shown = IntakeCall.Shown()
    let (app, isBulk) = try reader.pair()
    (shown.app, shown.isBulk) = (app, isBulk == 1)
    shown.receivedMs = Int64(bitPattern: try reader.word())
    shown.appID = try reader.data()
    shown.device = try reader.data()
    shown.address = try reader.data()
    self.shown = shown
    for _ in 0..<(try reader.word()) {
      let name = try reader.data()
      parameters.append((name, try reader.data()))
    }
  }

  func value(of name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    parameters.first { $0.name.elementsEqual(name) }?.value
  }

  func forEachParameter(
    _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) {
    for parameter in parameters { body(parameter.name, parameter.value) }
  }
}
