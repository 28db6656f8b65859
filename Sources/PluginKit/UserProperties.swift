import PluginABI

extension Effects {
  /// Says by what the item's user is found, in place of all that was said before: at most 64
  /// properties, with names of 1 to 160 bytes and values of 1 to 256.
  public func findBy(_ item: Item, _ properties: [(name: String, value: String)]) {
    findBy(item.place, properties)
  }

  /// The same for the user a command is about.
  public func findBy(_ command: Command, _ properties: [(name: String, value: String)]) {
    findBy(command.pointer.pointee.item, properties)
  }

  private func findBy(_ place: UInt32, _ properties: [(name: String, value: String)]) {
    withProperties(properties) { findByFunction(ctx, place, $0, $1) }
  }
}

extension Merge {
  /// Says by what the user that goes on is found, as `Effects.findBy` does.
  public func findBy(_ properties: [(name: String, value: String)]) {
    withProperties(properties) { pointer.pointee.find_by?(pointer.pointee.ctx, $0, $1) }
  }
}

private func withProperties(
  _ properties: [(name: String, value: String)],
  _ body: (UnsafePointer<tally_property>?, UInt32) -> Void
) {
  let texts = ConstantTexts()
  let named = properties.map {
    tally_property(name: texts.text($0.name), value: texts.text($0.value))
  }
  named.withUnsafeBufferPointer { body($0.baseAddress, UInt32(named.count)) }
  withExtendedLifetime(texts) {}
}
