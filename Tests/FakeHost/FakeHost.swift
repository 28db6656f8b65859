import PluginABI
import PluginTestKit

/// A host made of plain dictionaries: runs plugins through the contract and nothing else, so that a
/// test can say what a batch and a question lead to.
package final class FakeHost {
  package var store = FakeStore()
  var log: [String] = []
  /// Why calls were refused, in order.
  package private(set) var refusals: [String] = []
  private var plugins: [FakePlugin] = []
  private var interned: [String] = []
  private var known: Set<FakeUser> = []
  private var position: UInt64 = 1

  /// The names that are refused, to see what a plugin does without them.
  private let internLimit: Int

  package init(internLimit: Int = 4_095) {
    self.internLimit = internLimit
  }

  deinit {
    for plugin in plugins.reversed() {
      plugin.table.drain?(plugin.instance)
      plugin.table.stop?(plugin.instance)
      plugin.table.destroy?(plugin.instance)
    }
  }

  /// Runs one plugin through create, enroll and start; the reason when it refuses.
  @discardableResult
  package func start(
    _ entry: UnsafePointer<tally_plugin>, settings: [String: String] = [:]
  ) -> String? {
    let plugin = FakePlugin(entry, host: self, given: settings)
    let (created, reason) = collect { plugin.table.create(plugin.hostTable, &plugin.instance, $0) }
    guard created == TALLY_OK else { return reason }
    let (enrolled, why) = collect { error in
      plugin.withRegistrar { plugin.table.enroll(plugin.instance, $0, error) }
    }
    let (started, whyNot) =
      enrolled == TALLY_OK
      ? collect { plugin.table.start?(plugin.instance, $0) ?? TALLY_OK } : (enrolled, why)
    guard started == TALLY_OK else {
      plugin.table.destroy(plugin.instance)
      return whyNot
    }
    plugins.append(plugin)
    return nil
  }

  func intern(_ name: String) -> UInt32 {
    if let place = interned.firstIndex(of: name) { return UInt32(place + 1) }
    guard interned.count < internLimit else { return 0 }
    interned.append(name)
    return UInt32(interned.count)
  }

  /// Sends one batch through all hooks.
  package func accept(_ items: FakeItem...) { accept(items) }

  /// Sends one batch through all hooks.
  package func accept(_ items: [FakeItem]) {
    for plugin in plugins { _ = intern(plugin.name) }
    let batch = batch(of: items)
    position += UInt64(items.count)
    known.formUnion(items.map { FakeUser(app: $0.app, user: $0.user) })
    var call = FakeCall(items: items)
    for (plugin, place) in hooks() where wants(plugin.hookKeys[place], batch) {
      let before = store
      let stage = FakeStage(plugin, items: items)
      let (status, reason) = collect { error in
        call.withFacts { facts in
          stage.withTable { effects in
            plugin.hooks[place].process(
              plugin.instance, UnsafePointer(batch.pointer), facts, effects, error)
          }
        }
      }
      guard status == TALLY_OK, stage.violation == nil else {
        store = before
        refusals.append("\(plugin.name): \(stage.violation ?? "\(status) \(reason)")")
        continue
      }
      call.facts += stage.facts.map { ($0.item, intern(plugin.name), $0.value) }
      reduce(stage.emitted, of: plugin)
    }
  }

  private func batch(of items: [FakeItem]) -> TestBatch {
    var users: [FakeUser: UInt32] = [:]
    return TestBatch(
      items, firstPosition: position, interned: interned, hour: Calendar.hour(ofMs:)
    ) { item in
      let user = FakeUser(app: item.app, user: item.user)
      let isNew = !known.contains(user) && users[user] == nil
      let index = users[user, default: UInt32(users.count)]
      users[user] = index
      return TestBatch.User(uid: item.user, index: index, isNew: isNew)
    }
  }

  private func hooks() -> [(FakePlugin, Int)] {
    let all = plugins.flatMap { plugin in plugin.hooks.indices.map { (plugin, $0) } }
    return all.enumerated().sorted {
      ($0.element.0.hooks[$0.element.1].phase, $0.offset)
        < ($1.element.0.hooks[$1.element.1].phase, $1.offset)
    }.map(\.element)
  }

  private func wants(_ keys: [UInt32], _ batch: TestBatch) -> Bool {
    keys.isEmpty || keys.contains { batch.names.contains(interned[Int($0) - 1]) }
  }

  private func reduce(_ emitted: [FakeStage.Emitted], of plugin: FakePlugin) {
    var groups: [(key: FakeStore.DocumentKey, place: Int, payloads: [[UInt8]])] = []
    for one in emitted {
      let key = FakeStore.DocumentKey(
        plugin: plugin.name, app: one.app, collection: plugin.collections[one.collection].name,
        key: one.key)
      if let place = groups.firstIndex(where: { $0.key == key }) {
        groups[place].payloads.append(one.payload)
      } else {
        groups.append((key, one.collection, [one.payload]))
      }
    }
    for group in groups {
      if let document = FakeReduction.run(
        plugin, group.place, group.key, store.documents[group.key] ?? [], group.payloads)
      {
        store.documents[group.key] = document
      } else {
        refusals.append("\(plugin.name): reduce put nothing")
      }
    }
  }

  /// Calls `body` with an error to leave a reason in.
  func collect(
    _ body: (UnsafePointer<tally_error>) -> tally_status
  ) -> (tally_status, String) {
    final class Reason { var text = "" }
    let reason = Reason()
    var error = tally_error()
    error.struct_size = UInt32(MemoryLayout<tally_error>.size)
    error.ctx = Unmanaged.passUnretained(reason).toOpaque()
    error.set = { ctx, text in
      guard let ctx else { return }
      Unmanaged<Reason>.fromOpaque(ctx).takeUnretainedValue().text = text.string
    }
    return withExtendedLifetime(reason) { (withUnsafePointer(to: error, body), reason.text) }
  }

  // MARK: What a test asks

  /// The numbers of a series, added up over all buckets of a grain; zeros are left out. The default
  /// grain holds every measure of the core metrics.
  package func total(
    _ metric: String, subject: String = "", dimension: String = "", value: String = "",
    grain: UInt32 = TALLY_GRAIN_DAY, app: UInt32 = 1
  ) -> [String: Int64] {
    let series = FakeSeries(
      app: app, metric: metric, subject: subject, dimension: dimension, value: value)
    var sums: [String: Int64] = [:]
    for (bucket, numbers) in store.counters where bucket.series == series && bucket.grain == grain {
      sums.merge(numbers, uniquingKeysWith: +)
    }
    return sums.filter { $0.value != 0 }
  }

  /// The first measure of each value of a dimension; zeros are left out.
  package func values(
    _ metric: String, _ dimension: String, subject: String = "", measure: String = "t",
    grain: UInt32 = TALLY_GRAIN_DAY
  ) -> [String: Int64] {
    let series = store.discovered.filter {
      $0.metric == metric && $0.dimension == dimension && $0.subject == subject
    }
    return Dictionary(
      uniqueKeysWithValues: series.map {
        (
          $0.value,
          total(metric, subject: subject, dimension: dimension, value: $0.value, grain: grain)[
            measure] ?? 0
        )
      }
    ).filter { $0.value != 0 }
  }

  /// The answer to a question.
  package func ask(
    _ parameters: [String: String], path: String = "/o"
  ) -> (status: Int, body: String) {
    for plugin in plugins {
      for (place, entry) in plugin.routes.enumerated()
      where entry.path == path && (path != "/o" || entry.method == parameters["method"]) {
        return FakeQuestion(plugin, parameters, path).ask(entry.route, number: UInt32(place + 1))
      }
    }
    return (400, "Invalid method")
  }

  /// What a user is found by, as "name=value".
  package func properties(_ plugin: String, user: UInt64 = 1, app: UInt32 = 1) -> [String] {
    store.properties[.init(user: FakeUser(app: app, user: user), plugin: plugin)] ?? []
  }

  /// What the plugins tell of a user, by the member's name.
  package func portrait(user: UInt64 = 1, app: UInt32 = 1) -> [String: String] {
    final class Members { var all: [String: String] = [:] }
    let members = Members()
    for plugin in plugins {
      let cell = cell(plugin.name, user: user, app: app)
      guard let describe = plugin.describe, !cell.isEmpty else { continue }
      cell.withUnsafeBytes { cell in
        var portrait = tally_portrait()
        portrait.struct_size = UInt32(MemoryLayout<tally_portrait>.size)
        (portrait.app, portrait.user) = (app, user)
        portrait.cell = tally_bytes(ptr: cell.baseAddress, len: UInt64(cell.count))
        portrait.ctx = Unmanaged.passUnretained(members).toOpaque()
        portrait.member = { ctx, name, json in
          guard let ctx else { return }
          Unmanaged<Members>.fromOpaque(ctx).takeUnretainedValue().all[name.string] = json.string
        }
        _ = collect { describe(plugin.instance, &portrait, $0) }
      }
    }
    return members.all
  }

  /// The stored cell of a user.
  package func cell(_ plugin: String, user: UInt64 = 1, app: UInt32 = 1) -> [UInt8] {
    store.cells[.init(user: FakeUser(app: app, user: user), plugin: plugin)] ?? []
  }
}

/// One request as a test describes it.
package typealias FakeItem = TestItem
/// A JSON value as a test writes it down.
package typealias Value = TestValue

/// One user of one app.
struct FakeUser: Hashable {
  let app: UInt32
  let user: UInt64
}
