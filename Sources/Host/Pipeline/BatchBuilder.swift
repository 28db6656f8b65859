import CSimdjson
import PluginABI
import PluginRuntime
import Store

/// Builds the block of memory hooks read (tally_plugin.h, section 2) out of journalled items. Used
/// again for every batch; the pipeline's thread only.
final class BatchBuilder {
  let counters: Counters
  /// The numbers of member names, for whoever asks.
  let table: NameTable
  private let json: OpaquePointer
  private let names: EventDecoder.Names
  /// How many names of the table the blocks of this builder know.
  private var declared = 0
  /// What the block lies in, held for as long.
  private let memory: BatchMemory?
  private let rule: TimestampRule
  private var events: EventDecoder
  private var itemList: ContiguousArray<tally_item> = []
  private var eventList: ContiguousArray<tally_event> = []
  private var counted = tally_json_counts()
  /// The items of the block that was reopened.
  private var before: (items: ContiguousArray<tally_item>, events: ContiguousArray<tally_event>) = (
    [], []
  )
  private var isReopened = false
  private let unseen = Counters()
  /// Per app, of the batch; most batches have none.
  private(set) var moved: [UInt32: TimesMoved] = [:]
  /// The item at hand carries what intake hooks said.
  private var hasNotes = false

  /// What is left out of events, by app.
  private var rules: [UInt32: EventRules] = [:]
  /// Apps whose texts are trimmed.
  private var trimmed: Set<UInt32> = []

  /// Times older than `retentionMonths` before receipt are moved to that edge. Builders that share
  /// a table give the same numbers to the same names. Blocks lie in `memory`, in the part that
  /// nobody else writes, as long as they fit.
  init(
    retentionMonths: Int, counters: Counters = Counters(), table: NameTable = NameTable(),
    memory: BatchMemory? = nil
  ) {
    guard let json = tally_json_new() else { preconditionFailure("the allocator answers or ends") }
    self.json = json
    self.memory = memory
    if let lent = memory?[.built] { tally_json_lend(json, lent.baseAddress, lent.count) }
    self.counters = counters
    self.table = table
    rule = TimestampRule(retentionMonths: retentionMonths)
    func number(_ name: String) -> UInt32 { table.intern(Array(name.utf8)) }
    names = EventDecoder.Names(
      events: number("events"), key: number("key"), count: number("count"), sum: number("sum"),
      duration: number("dur"), timestamp: number("timestamp"),
      segmentation: number("segmentation"))
    events = EventDecoder(json: json, names: names, rule: rule, counters: counters)
  }

  deinit {
    tally_json_free(json)
  }

  /// Interns a member name: the id is its key index in every batch that begins from here on. 0 when
  /// there are too many.
  func declare(_ name: [UInt8]) -> UInt32 { table.intern(name) }

  /// Names that were interned since the last batch.
  private func declareNewNames() {
    for name in table.names(after: declared) {
      declared += 1
      let number = name.withUnsafeBytes { tally_json_declare(json, $0.baseAddress, $0.count) }
      precondition(number == UInt32(declared), "a batch numbers names as the table does")
    }
  }

  /// Does from here on as apps have it.
  func follow(_ apps: RegisteredApps) {
    (rules, trimmed) = (apps.eventRules, apps.trimmed)
  }

  /// Begins a batch; the block of the last one is gone.
  func begin() {
    if table.count != declared { declareNewNames() }
    itemList.removeAll(keepingCapacity: true)
    eventList.removeAll(keepingCapacity: true)
    if !moved.isEmpty { moved.removeAll() }
    if isReopened { count(isReopened: false) }
    tally_json_begin(json)
  }

  /// Decoding is counted when items arrive, not when somebody has changed them.
  private func count(isReopened: Bool) {
    self.isReopened = isReopened
    events.counters = isReopened ? unseen : counters
  }

  /// Has the finished block made anew, of what is kept of it and of other items. The block is gone;
  /// what its items are made of stays where it is.
  func reopen() {
    swap(&itemList, &before.items)
    swap(&eventList, &before.events)
    itemList.removeAll(keepingCapacity: true)
    eventList.removeAll(keepingCapacity: true)
    count(isReopened: true)
    tally_json_reopen(json)
  }

  /// Appends an item of the block that was reopened, as it was, or as the first of its user.
  func keep(_ place: Int, isFirst: Bool = false) {
    var item = before.items[place]
    if isFirst { item.flags |= TALLY_ITEM_NEW_USER }
    let events = Int(item.first_event)..<Int(item.first_event + item.n_events)
    item.first_event = UInt32(eventList.count)
    for var event in before.events[events] {
      event.item = UInt32(itemList.count)
      eventList.append(event)
    }
    itemList.append(item)
  }

  /// Adds one item of an entry. It is known to count: its app and user exist and it is no
  /// duplicate.
  func append(
    item: RequestRecord.Item, position: UInt64, index: UInt32, isBulk: Bool, receivedMs: Int64,
    uid: UInt64, isNewUser: Bool, userIndex: UInt32, calendar: LocalCalendar,
    appCountry: UInt32 = 0
  ) {
    var entry = tally_item()
    entry.position = position
    entry.hash = item.hash
    entry.user = uid
    entry.received_ms = receivedMs
    entry.index = index
    entry.app = item.app
    entry.app_country = appCountry
    entry.user_index = userIndex
    entry.flags = (isNewUser ? TALLY_ITEM_NEW_USER : 0) | (isBulk ? TALLY_ITEM_BULK : 0)
    entry.root = appendRoot(item)
    if !trimmed.isEmpty, trimmed.contains(item.app) { tally_json_trim(json, entry.root) }
    if hasNotes { entry.notes = appendNotes(item) }
    (entry.device_off, entry.device_len) = appendText(item.device)
    (entry.country_off, entry.country_len) = appendText(item.country)
    (entry.city_off, entry.city_len) = appendText(item.city)
    decode(&entry, calendar)
    itemList.append(entry)
  }

  /// The complete block, valid until the next `begin`.
  func finish() -> UnsafeMutablePointer<tally_batch> {
    let now = tally_json_count(json)
    if !isReopened {
      counters.jsonRepaired.add(Int(now.repaired - counted.repaired))
      counters.jsonInvalid.add(Int(now.invalid - counted.invalid))
      counters.jsonLimited.add(Int(now.limited - counted.limited))
      for times in moved.values { counters.count(times) }
    }
    counted = now
    let batch = itemList.withUnsafeBufferPointer { items in
      eventList.withUnsafeBufferPointer { events in
        tally_json_finish(
          json, items.baseAddress, UInt32(items.count), events.baseAddress, UInt32(events.count))
      }
    }
    guard let batch else { preconditionFailure("a block has at least its header") }
    return batch
  }

  /// Whether a member with an interned name occurs in the batch.
  func contains(_ name: UInt32) -> Bool {
    tally_json_contains(json, name) != 0
  }

  // MARK: One item

  private func appendRoot(_ item: RequestRecord.Item) -> UInt32 {
    if item.form == .object {
      var root: UInt32 = 0
      let text = item.object
      _ = tally_json_object(json, text?.baseAddress, text?.count ?? 0, &root)
      return root
    }
    let root = tally_json_open(json)
    var parameters = item.parameters
    while let parameter = parameters.next() {
      if parameter.isNote {
        hasNotes = true
        break
      }
      append(parameter)
    }
    tally_json_close(json, root)
    return root
  }

  private func append(_ parameter: RequestRecord.Parameter) {
    _ = tally_json_parameter(
      json, parameter.key.baseAddress, parameter.key.count, parameter.value.baseAddress,
      parameter.value.count, parameter.isJSON ? 1 : 0)
  }

  /// What intake hooks said, in an object of its own behind the parameters.
  private func appendNotes(_ item: RequestRecord.Item) -> UInt32 {
    hasNotes = false
    let root = tally_json_open(json)
    var parameters = item.parameters
    while let parameter = parameters.next() {
      if parameter.isNote { append(parameter) }
    }
    tally_json_close(json, root)
    return root
  }

  private func appendText(_ text: UnsafeRawBufferPointer) -> (UInt32, UInt32) {
    if text.isEmpty { return (0, 0) }
    return (tally_json_text(json, text.baseAddress, text.count), UInt32(text.count))
  }

  /// Fills in the item's time and its events.
  private func decode(_ entry: inout tally_item, _ calendar: LocalCalendar) {
    var list: UInt32 = 0
    var sent: LooseNumber?
    if let nodes = tally_json_nodes(json), let block = tally_json_block(json) {
      var member = entry.root + 1
      for _ in 0..<nodes[Int(entry.root)].off {
        let node = nodes + Int(member)
        if node.pointee.key == names.events { list = member }
        if node.pointee.key == names.timestamp {
          sent = LooseNumber(node, text: block) ?? TimestampRule.unreadable
        }
        member += UInt32(node.pointee.kind) >= TALLY_ARRAY ? 1 + node.pointee.len : 1
      }
    }
    let time = rule.judge(sent, receivedMs: entry.received_ms, otherwise: entry.received_ms)
    entry.timestamp_ms = time.ms
    if time.moved != .not { entry.flags |= TALLY_ITEM_CLAMPED }
    entry.hour = calendar.hour(ofMs: time.ms)
    entry.first_event = UInt32(eventList.count)
    let source = EventDecoder.Source(
      item: UInt32(itemList.count), timestampMs: time.ms, hour: entry.hour,
      receivedMs: entry.received_ms, calendar: calendar,
      rules: rules.isEmpty ? nil : rules[entry.app])
    events.decode(list, of: source, into: &eventList)
    entry.n_events = UInt32(eventList.count) - entry.first_event
    var times = events.takeMoved()
    times.add(time.moved)
    if !times.isEmpty, !isReopened { moved[entry.app, default: TimesMoved()].add(times) }
  }
}
