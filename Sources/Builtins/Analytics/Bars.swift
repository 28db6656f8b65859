import PluginKit

/// The largest three of some values, with their shares of all that is shown.
struct Bars {
  static let countMax = 3

  struct Bar: Equatable {
    let name: String
    let value: Int64
    var percent: Tenths
  }

  private(set) var bars: [Bar]

  /// Of equal values the one that comes first. Rounded shares make a hundred: what is missing goes
  /// to the first, what is too much is taken from the last.
  init(_ values: [(name: String, value: Int64)]) {
    let top = values.enumerated().filter { $0.element.value > 0 }.sorted {
      let (left, right) = ($0.element.value, $1.element.value)
      return left == right ? $0.offset < $1.offset : left > right
    }.prefix(Self.countMax).map(\.element)
    let sum = top.reduce(0) { $0 + $1.value }
    bars = top.map {
      Bar(name: $0.name, value: $0.value, percent: Tenths(percentOf: $0.value, sum))
    }
    guard let first = bars.indices.first, let last = bars.indices.last else { return }
    let missing = 1_000 - bars.reduce(0) { $0 + $1.percent.tenths }
    let place = missing > 0 ? first : last
    bars[place].percent = Tenths(tenths: bars[place].percent.tenths + missing)
  }

  /// `[{"name":…,"value":…,"percent":…}]`.
  func write(to reply: borrowing Reply, withValues: Bool = true) {
    reply.write("[")
    for (place, bar) in bars.enumerated() {
      reply.write(place == 0 ? "{\"name\":" : ",{\"name\":")
      reply.string(bar.name)
      if withValues {
        reply.write(",\"value\":")
        reply.number(bar.value)
      }
      reply.write(",\"percent\":")
      reply.number(bar.percent.number)
      reply.write("}")
    }
    reply.write("]")
  }
}
