/// What an operator says about a plugin beside its settings: where its hooks stand, and what becomes
/// of its faults.
package struct Placement: Sendable, Equatable {
  package var order: OrderOverride?
  package var transformFault = TransformFault.hold

  package init(order: OrderOverride? = nil, transformFault: TransformFault = .hold) {
    self.order = order
    self.transformFault = transformFault
  }
}

/// What happens when a transform hook cannot take an item.
package enum TransformFault: String, Sendable, CaseIterable {
  /// The pipeline waits; the journal takes the load.
  case hold
  /// The item is counted as it came.
  case bypass
}
