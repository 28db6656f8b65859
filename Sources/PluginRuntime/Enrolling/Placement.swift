/// What an operator says about a plugin beside its settings: where its hooks stand, and what becomes
/// of its faults.
package struct Placement: Sendable, Equatable {
  package var order: OrderOverride?
  package var transformFault = TransformFault.hold
  package var onFault = FaultPrice.quarantine

  package init(order: OrderOverride? = nil, transformFault: TransformFault = .hold) {
    self.order = order
    self.transformFault = transformFault
  }
}

/// What it costs a plugin to end the server's process. A record at fault is kept from it in any case.
package enum FaultPrice: String, Sendable, CaseIterable {
  /// Where no record is at fault, the plugin is kept out.
  case quarantine
  /// From then on it runs in a process of its own.
  case isolate
  /// It goes on as it was.
  case restart
}

/// What happens when a transform hook cannot take an item.
package enum TransformFault: String, Sendable, CaseIterable {
  /// The pipeline waits; the journal takes the load.
  case hold
  /// The item is counted as it came.
  case bypass
}
