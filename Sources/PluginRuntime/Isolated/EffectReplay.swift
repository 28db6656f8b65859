import PluginABI
import Store

/// Performs what a runner's hook asked for, by the very functions a hook in this process calls: the
/// same checks, the same refusals. The block is the runner's and may hold anything.
struct EffectReplay {
  /// What the last entry wants to know, when the runner waits for it.
  enum Answer {
    case nothing
    case cell(tally_bytes)
    case unique(grains: UInt32, series: Int64)
    /// What a call of a service came to.
    case service([UInt8])
  }

  let stage: EffectStage
  let table: tally_effects
  var services: ServiceReplay?
  /// Takes what a command answers.
  var hand: ((tally_bytes) -> Void)?

  /// Performs the entries in order and stops at the first that is refused.
  func run(_ block: UnsafeRawBufferPointer) -> Answer {
    var reader = WireReader(block)
    var answer = Answer.nothing
    do throws(WireDamage) {
      while !reader.isAtEnd, stage.violation == nil, stage.storeFailure == nil {
        answer = try step(&reader)
      }
    } catch {
      stage.refuse(Self.damage)
    }
    return answer
  }

  static let damage =
    "its runner's effects cannot be read: the plugin wrote over the runner's memory"

  private func step(_ reader: inout WireReader) throws(WireDamage) -> Answer {
    let (kind, item) = try reader.pair()
    switch Wire.Entry(rawValue: kind) {
    case .count: try count(item, &reader)
    case .unique: return try unique(item, &reader)
    case .cell: return .cell(table.cell(table.ctx, item))
    case .cellPut: table.cell_put(table.ctx, item, tally_bytes(try reader.data()))
    case .fact: table.fact(table.ctx, item, tally_bytes(try reader.data()))
    case .row:
      let number = try number(&reader)
      let key = try reader.tallyText()
      table.row(table.ctx, item, number, key, tally_bytes(try reader.data()))
    case .emit:
      let number = try number(&reader)
      let key = try reader.tallyText()
      table.emit(table.ctx, item, number, key, tally_bytes(try reader.data()))
    case .findBy: try findBy(item, &reader)
    case .refuse: stage.refuse(try reader.text())
    case .service: return .service(try service(try reader.data()))
    case .handed:
      _ = try reader.word()
      hand?(tally_bytes(try reader.data()))
    default: throw WireDamage()
    }
    return .nothing
  }

  private func count(_ item: UInt32, _ reader: inout WireReader) throws(WireDamage) {
    let series = try series(&reader)
    let (hour, given) = try reader.pair()
    let sent = try reader.word()
    guard sent <= UInt64(MetricDefinition.measuresMax) else { throw WireDamage() }
    let add = try reader.words(Int(sent))
    // Fewer sent than given stands for a call that the table refuses without looking at them.
    let usable = UInt64(given) == sent || Int(given) > MetricDefinition.measuresMax ? add : nil
    withPointer(series) {
      table.count(table.ctx, item, $0, Int32(bitPattern: hour), sent == 0 ? nil : usable, given)
    }
  }

  private func unique(_ item: UInt32, _ reader: inout WireReader) throws(WireDamage) -> Answer {
    let series = try series(&reader)
    let (hour, firstTime) = try reader.pair()
    let told = try reader.word()
    let grains = withPointer(series) {
      table.unique(table.ctx, item, $0, Int32(bitPattern: hour), firstTime)
    }
    if told != Wire.none, told != UInt64(grains), stage.violation == nil, stage.storeFailure == nil
    {
      stage.refuse("its runner answered unique with grains \(told), the store says \(grains)")
    }
    return .unique(grains: grains, series: stage.lastUniqueSeries)
  }

  private func findBy(_ item: UInt32, _ reader: inout WireReader) throws(WireDamage) {
    let (given, properties) = try reader.properties()
    properties.withUnsafeBufferPointer {
      table.find_by(table.ctx, item, properties.isEmpty ? nil : $0.baseAddress, given)
    }
  }

  private func service(_ frame: UnsafeRawBufferPointer) throws(WireDamage) -> [UInt8] {
    guard let services else { throw WireDamage() }
    var table = table
    return try services.answer(frame, effects: &table)
  }

  private func number(_ reader: inout WireReader) throws(WireDamage) -> UInt32 {
    UInt32(truncatingIfNeeded: try reader.word())
  }

  /// nil stands for a series that the plugin gave wrongly.
  private func series(_ reader: inout WireReader) throws(WireDamage) -> tally_series? {
    let metric = try reader.word()
    guard metric != Wire.none else { return nil }
    var series = tally_series()
    series.struct_size = UInt32(MemoryLayout<tally_series>.size)
    series.metric = UInt32(truncatingIfNeeded: metric)
    series.subject = try reader.tallyText()
    series.dimension = try reader.tallyText()
    series.value = try reader.tallyText()
    return series
  }

  private func withPointer<T>(
    _ series: tally_series?, _ body: (UnsafePointer<tally_series>?) -> T
  ) -> T {
    guard let series else { return body(nil) }
    return withUnsafePointer(to: series, body)
  }
}

extension WireReader {
  /// What `find_by` was given: how many, and those that were sent, borrowed.
  mutating func properties() throws(WireDamage) -> (given: UInt32, all: [tally_property]) {
    let (given, sent) = try pair()
    guard sent <= UserProperty.countMax else { throw WireDamage() }
    var properties: [tally_property] = []
    for _ in 0..<sent {
      let name = try tallyText()
      properties.append(tally_property(name: name, value: try tallyText()))
    }
    return (given, properties)
  }
}
