import CSimdjson
import PluginABI
import Store

/// Makes events out of the nodes of an item's `events`: one struct for each entry that has a key,
/// its numbers made sense of (protocol 4.6). What is left out is counted.
struct EventDecoder {
  /// Entries of one item's `events`.
  static let eventsPerItemMax: UInt32 = 10_000

  /// The item whose events are decoded.
  struct Source {
    let item: UInt32
    let timestampMs: Int64
    let hour: Int32
    let receivedMs: Int64
    let calendar: LocalCalendar
    /// What is left out of the app's events; nil when nothing is.
    let rules: EventRules?
  }

  private let json: OpaquePointer
  private let names: Names
  private let rule: TimestampRule
  var counters: BatchBuilder.Counters
  private var keys: Keys
  /// Since whoever asks took them.
  private var moved = TimesMoved()

  init(
    json: OpaquePointer, names: Names, rule: TimestampRule, counters: BatchBuilder.Counters
  ) {
    self.json = json
    self.names = names
    self.rule = rule
    self.counters = counters
    keys = Keys(json: json)
  }

  /// Appends the events below node `list`, which may be any node.
  mutating func decode(
    _ list: UInt32, of source: Source, into events: inout ContiguousArray<tally_event>
  ) {
    // Only text is added meanwhile: the nodes stay where they are.
    guard let nodes = tally_json_nodes(json) else { return }
    let array = nodes[Int(list)]
    guard UInt32(array.kind) == TALLY_ARRAY else { return }
    var place = list + 1
    for _ in 0..<min(array.off, Self.eventsPerItemMax) {
      let node = nodes + Int(place)
      if UInt32(node.pointee.kind) == TALLY_OBJECT {
        if let event = decode(nodes, place, source) { events.append(event) }
      } else {
        counters.eventsInvalid.add()
      }
      place += step(over: node)
    }
    if array.off > Self.eventsPerItemMax {
      counters.eventsOverLimit.add(Int(array.off - Self.eventsPerItemMax))
    }
  }

  @inline(__always)
  mutating func takeMoved() -> TimesMoved {
    defer { moved = TimesMoved() }
    return moved
  }

  /// The nodes of an event's members; 0 for those that are absent.
  private struct Members {
    var key: UInt32 = 0
    var count: UInt32 = 0
    var sum: UInt32 = 0
    var duration: UInt32 = 0
    var timestamp: UInt32 = 0
    var segmentation: UInt32 = 0
  }

  private mutating func decode(
    _ nodes: UnsafePointer<tally_node>, _ place: UInt32, _ source: Source
  ) -> tally_event? {
    let members = members(nodes, place)
    let key: Keys.Key
    switch keys.read(nodes, members.key) {
    case .key(let found): key = found
    case .missing:
      counters.eventsWithoutKey.add()
      return nil
    case .tooLong:
      counters.eventsKeyTooLong.add()
      return nil
    }
    var event = tally_event()
    event.item = source.item
    event.node = place
    event.key_off = key.offset
    event.key_len = key.count
    event.flags = key.isInternal ? TALLY_EVENT_INTERNAL : 0
    if UInt32(nodes[Int(members.segmentation)].kind) == TALLY_OBJECT {
      event.segmentation = members.segmentation
      if let rules = source.rules { leaveOut(nodes, members.segmentation, of: key, rules) }
    }
    fillNumbers(&event, nodes, members)
    if members.timestamp == 0 {
      fillTime(&event, nil, source)
    } else {
      fillTime(&event, number(nodes, members.timestamp) ?? TimestampRule.unreadable, source)
    }
    return event
  }

  /// Makes nulls, which nobody counts, of segments that are not to be counted.
  @inline(never)
  private func leaveOut(
    _ nodes: UnsafePointer<tally_node>, _ list: UInt32, of key: Keys.Key, _ rules: EventRules
  ) {
    guard let block = tally_json_block(json) else { return }
    let event = UnsafeRawBufferPointer(start: block + Int(key.offset), count: Int(key.count))
    guard rules.concerns(event) else { return }
    var place = list + 1
    for _ in 0..<nodes[Int(list)].off {
      let node = UnsafeMutablePointer(mutating: nodes) + Int(place)
      place += step(over: node)
      let name = tally_json_name(json, node.pointee.key)
      let text = UnsafeRawBufferPointer(start: block + Int(name.off), count: Int(name.len))
      // What holds others has no value of its own.
      if UInt32(node.pointee.kind) < TALLY_ARRAY, !rules.counts(text, of: event) {
        node.pointee.kind = UInt16(TALLY_NULL)
      }
    }
  }

  /// Of equal names the last counts, as everywhere.
  @inline(__always)
  private func members(_ nodes: UnsafePointer<tally_node>, _ place: UInt32) -> Members {
    var members = Members()
    var member = place + 1
    for _ in 0..<nodes[Int(place)].off {
      let node = nodes + Int(member)
      switch node.pointee.key {
      case names.key: members.key = member
      case names.count: members.count = member
      case names.sum: members.sum = member
      case names.duration: members.duration = member
      case names.timestamp: members.timestamp = member
      case names.segmentation: members.segmentation = member
      default: break
      }
      member += step(over: node)
    }
    return members
  }

  @inline(__always)
  private func step(over node: UnsafePointer<tally_node>) -> UInt32 {
    UInt32(node.pointee.kind) >= TALLY_ARRAY ? 1 + node.pointee.len : 1
  }

  /// Node 0 is null and so no number.
  @inline(__always)
  private func number(_ nodes: UnsafePointer<tally_node>, _ place: UInt32) -> LooseNumber? {
    tally_json_block(json).flatMap { LooseNumber(nodes + Int(place), text: $0) }
  }

  @inline(__always)
  private func fillNumbers(
    _ event: inout tally_event, _ nodes: UnsafePointer<tally_node>, _ members: Members
  ) {
    event.count = number(nodes, members.count)?.count ?? 1
    if let sum = number(nodes, members.sum) {
      event.sum = sum.units
      event.flags |= TALLY_EVENT_HAS_SUM
    }
    if let duration = number(nodes, members.duration) {
      event.dur = duration.units
      event.flags |= TALLY_EVENT_HAS_DUR
    }
  }

  @inline(__always)
  private mutating func fillTime(_ event: inout tally_event, _ sent: LooseNumber?, _ source: Source)
  {
    let time = rule.judge(sent, receivedMs: source.receivedMs, otherwise: source.timestampMs)
    if time.moved != .not {
      event.flags |= TALLY_EVENT_CLAMPED
      moved.add(time.moved)
    }
    event.timestamp_ms = time.ms
    event.hour =
      time.ms == source.timestampMs ? source.hour : source.calendar.hour(ofMs: time.ms)
  }
}

extension EventDecoder {
  /// The interned ids of the members that are read here.
  struct Names {
    let events: UInt32
    let key: UInt32
    let count: UInt32
    let sum: UInt32
    let duration: UInt32
    let timestamp: UInt32
    let segmentation: UInt32
  }
}

extension BatchBuilder.Counters {
  func count(_ moved: TimesMoved) {
    timesFromFuture.add(moved.fromFuture)
    timesFromPast.add(moved.fromPast)
    timesFromNowhere.add(moved.fromNowhere)
  }
}
