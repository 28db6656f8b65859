import PluginABI
import PluginRuntime
import Store

/// Plugins on the real runtime and a real store, in a folder of their own, with a clock that stands
/// where it is put. What they count is committed before it is asked for, so that a test sees what
/// an operator would see.
///
///     let host = try TestHost(TestPlugin(name: "views") { tallyPluginViews() })
///     try host.accept(TestItem(["events": [["key": "[CLY]_view"]]]))
///     let answer = try host.ask(["method": "views"])
package final class TestHost {
  /// What a test decides about its host.
  package struct Options {
    /// The app's time zone.
    package var timezone = "Etc/UTC"
    /// Whether users, sessions and events run before the plugins.
    package var withBuiltins = true

    package init() {}
  }

  /// The one app.
  package let app: App
  package let calendar: LocalCalendar
  /// Unix milliseconds of questions; follows the items.
  package var nowMs = TestItem.noon
  /// Why items were refused, in order: a good plugin refuses none.
  package private(set) var refusals: [String] = []
  package private(set) var store: Store
  private(set) var workingSet: WorkingSet
  package private(set) var runtime: PluginRuntime
  private(set) var dispatcher: Dispatcher
  private let names: any MemberNames
  private let plugins: [TestPlugin]
  private let options: Options
  private let folder: TestFolder
  private var position: UInt64
  /// Keeps the block of the last batch alive while hooks read it.
  private var batch: TestBatch?

  /// Starts the plugins; throws the reason of the first that is refused.
  package init(
    _ plugins: [TestPlugin], names: any MemberNames = TestNames(), options: Options = Options()
  ) throws {
    let parts = try Parts(folder: TestFolder(), plugins, names, options)
    app =
      try parts.store.apps().first
      ?? parts.store.createApp(
        NewApp(name: "Test", timezone: options.timezone), nowMs: TestItem.noon)
    calendar = try LocalCalendar(identifier: options.timezone)
    (folder, store, workingSet) = (parts.folder, parts.store, parts.workingSet)
    (runtime, dispatcher) = (parts.runtime, parts.dispatcher)
    (self.names, self.plugins, self.options) = (names, plugins, options)
    position = parts.store.committedPosition
  }

  /// One plugin beside the built-ins.
  package convenience init(_ plugin: TestPlugin, options: Options = Options()) throws {
    try self.init([plugin], options: options)
  }

  deinit {
    dispatcher.end()
    runtime.stop()
    try? store.close()
  }

  /// Commits, ends everything and starts it again on the same folder: what a plugin kept only in
  /// memory is gone.
  package func restart() throws {
    try commit()
    dispatcher.end()
    runtime.stop()
    try store.close()
    let parts = try Parts(folder: folder, plugins, names, options)
    (store, workingSet) = (parts.store, parts.workingSet)
    (runtime, dispatcher) = (parts.runtime, parts.dispatcher)
  }

  // MARK: Requests

  /// Sends one batch through all hooks. Items must be of the app with the number 1.
  package func accept(_ items: TestItem...) throws { try accept(items) }

  /// Sends one batch through all hooks.
  package func accept(_ items: [TestItem]) throws {
    guard let names = names as? TestNames else {
      preconditionFailure("batches of this host are built by whoever numbers its names")
    }
    try accept(entries: items.count) {
      var users = TestUsers()
      let batch = try TestBatch(
        items, firstPosition: nextPosition, interned: names.all, hour: calendar.hour(ofMs:)
      ) { item in
        let user = try find(item.device, nowMs: item.receivedMs)
        return TestBatch.User(uid: user.uid, index: users.index(of: user.slot), isNew: user.isNew)
      }
      self.batch = batch
      return Built(batch.pointer, users: users.slots, contains: batch.contains)
    }
    nowMs = items.map(\.receivedMs).reduce(nowMs, max)
  }

  /// The user with that device id, made when new.
  package func find(
    _ device: String, nowMs: Int64
  ) throws -> (slot: Int32, uid: UInt64, isNew: Bool) {
    var device = device
    return try device.withUTF8 { try find(UnsafeRawBufferPointer($0), nowMs: nowMs) }
  }

  /// The user with that device id, made when new.
  package func find(
    _ device: UnsafeRawBufferPointer, nowMs: Int64
  ) throws -> (slot: Int32, uid: UInt64, isNew: Bool) {
    try workingSet.user(app: app.number, device: device, nowMs: nowMs)
  }

  /// Whether the user sent the same request before.
  package func isDuplicate(user slot: Int32, hash: UInt64, receivedMs: Int64) throws -> Bool {
    try workingSet.isDuplicate(user: slot, hash: hash, receivedMs: receivedMs)
  }

  /// The position the next entry gets.
  package var nextPosition: UInt64 { position + 1 }

  /// A batch that somebody else builds, with positions from `nextPosition` on; nil when nothing of
  /// it is left to count.
  package struct Built {
    let batch: UnsafeMutablePointer<tally_batch>
    let users: [Int32]
    let contains: (UInt32) -> Bool
    let rebuild: Rebuild?

    /// Makes a new batch of what a transform hook asked for; nil when nothing is left.
    package typealias Rebuild = (Dispatcher.Work, BatchEdits) throws -> Dispatcher.Work?

    /// `users` holds the working set's slot of each `user_index`. Without `rebuild`, a plugin must
    /// have no transform hook that asks for anything.
    package init(
      _ batch: UnsafeMutablePointer<tally_batch>, users: [Int32],
      contains: @escaping (UInt32) -> Bool, rebuild: Rebuild? = nil
    ) {
      self.batch = batch
      self.users = users
      self.contains = contains
      self.rebuild = rebuild
    }
  }

  /// Sends one batch of that many entries through all hooks; `build` finds its users.
  package func accept(entries: Int, _ build: () throws -> Built?) throws {
    try workingSet.beginBatch()
    if let built = try build() {
      let positions = position + 1...position + UInt64(max(entries, 1))
      try built.users.withUnsafeBufferPointer { slots in
        let work = Dispatcher.Work(
          batch: built.batch, users: slots, positions: positions, contains: built.contains)
        try run(work, built.rebuild)
      }
    }
    position += UInt64(max(entries, 1))
    try workingSet.endBatch()
  }

  private func run(_ work: Dispatcher.Work, _ rebuild: Built.Rebuild?) throws {
    var left: Dispatcher.Work? = work
    do {
      left = try dispatcher.transform(work) { work, edits in
        guard let rebuild else {
          throw PluginError(
            .startFailed,
            "a transform hook edits, and values of a test are laid out once; test it with a script")
        }
        return try rebuild(work, edits)
      }
    } catch let held as Dispatcher.TransformHeld {
      refusals.append("\(held.plugin): its transform hook holds the pipeline: \(held.reason)")
      left = nil
    }
    refusals += dispatcher.bypassed.map { "\($0.name): its transform hook: \($0.reason)" }
    guard let left else { return }
    try dispatcher.run(left)
    refusals += dispatcher.deadLetters.map { "\($0.name): \($0.reason)" }
  }

  /// Makes everything counted so far durable.
  package func commit() throws {
    guard position > store.committedPosition else { return }
    let flush = workingSet.takeFlush(
      through: position, positions: runtime.positions(at: position))
    try store.commit(flush)
    workingSet.didCommit(flush)
  }

  // MARK: Questions

  /// One question as HTTP brings it, without who asks.
  package struct Asked {
    package var path: String
    package var parameters: [String: String]
    package var http = "GET"
    package var body: [UInt8] = []

    package init(_ parameters: [String: String] = [:], path: String = "/o") {
      self.path = path
      self.parameters = parameters
    }
  }

  /// The answer to a question, from what was accepted before. 400 when no plugin owns it.
  package func ask(
    _ parameters: [String: String], path: String = "/o"
  ) throws -> (status: Int, body: String) {
    try ask(Asked(parameters, path: path))
  }

  /// The answer to a question, from what was accepted before.
  package func ask(_ asked: Asked) throws -> (status: Int, body: String) {
    try commit()
    return try answer(asked)
  }

  /// The answer from what is committed; any thread, many at once, while nothing else is done.
  package func answer(_ asked: Asked) throws -> (status: Int, body: String) {
    let isNamed = asked.path == "/o" || asked.path == "/o/sdk"
    let found =
      isNamed
      ? runtime.route(
        path: asked.path, method: asked.parameters["method"] ?? "", http: asked.http)
      : runtime.route(path: asked.path, http: asked.http)
    guard case .found(let owner, let captured) = found else {
      return (400, #"{"result":"Invalid \#(isNamed ? "method" : "path")"}"#)
    }
    var question = Question(
      app: app.number, appID: app.hex, calendar: calendar, httpMethod: asked.http,
      path: asked.path, parameters: asked.parameters.merging(captured) { _, captured in captured },
      nowMs: nowMs)
    question.body = asked.body
    let answer = try store.read { try owner.reader.answer(question, snapshot: $0) }
    return (answer.status, String(decoding: answer.body, as: UTF8.self))
  }
}
