import PluginABI

/// What hooks in a runner said, on its way back.
enum IntakeVerdictWire {
  static func write(
    _ said: IntakeSaid, place: UInt32, to stage: RecordingStage
  ) {
    var frame = ServiceFrame()
    frame.put(UInt32(bitPattern: said.status), said.limits)
    frame.put(said.reason)
    frame.put(UInt64(said.refusal?.status ?? 0))
    frame.put(said.refusal?.message ?? "")
    frame.put(UInt64(said.notes.count))
    for note in said.notes {
      note.name.withUnsafeBytes { frame.put($0) }
      note.value.withUnsafeBytes { frame.put($0) }
    }
    frame.bytes.withUnsafeBytes { stage.put(.said, place, 0, [$0]) }
  }

  /// Says it once more to `call`, which takes what it would take of a hook in this process.
  static func read(
    _ bytes: UnsafeRawBufferPointer, _ call: IntakeCall
  ) throws(WireDamage) -> IntakeSaid {
    var reader = WireReader(bytes)
    call.begin()
    defer { call.end() }
    let (status, limits) = try reader.pair()
    let reason = try reader.text()
    let answer = UInt32(truncatingIfNeeded: try reader.word())
    let message = try reader.tallyText()
    if answer != 0, call.refuse(answer, message) != TALLY_OK { throw WireDamage() }
    for _ in 0..<(try reader.word()) {
      let name = try reader.data()
      guard call.annotate(name, try reader.data()) == TALLY_OK else { throw WireDamage() }
    }
    return IntakeSaid(
      status: tally_status(bitPattern: status),
      reason: String(reason.prefix(ErrorText.lengthMax)), notes: call.notes,
      refusal: call.refusal, limits: limits)
  }
}
