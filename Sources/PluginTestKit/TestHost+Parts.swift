import Builtins
import Logging
import PluginRuntime
import Store

extension TestHost {
  /// What a start makes.
  struct Parts {
    let folder: TestFolder
    let store: Store
    let workingSet: WorkingSet
    let runtime: PluginRuntime
    let dispatcher: Dispatcher

    init(
      folder: TestFolder, _ plugins: [TestPlugin], _ names: any MemberNames, _ options: Options
    ) throws {
      self.folder = folder
      store = try Store.open(directory: folder.path)
      workingSet = try store.workingSet()
      let services = HostTable.Services(
        log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, productVersion: "test",
        intern: names.declare)
      runtime = PluginRuntime(store: workingSet, services: services, nearest: { _, _ in nil })
      if options.withBuiltins {
        for builtin in Builtins.entries(withFaultPoint: false) {
          runtime.start(.init(.builtin(builtin.entry), settings: []))
        }
      }
      for plugin in plugins { runtime.start(plugin.request) }
      if let refusal = runtime.refusals.first {
        runtime.stop()
        throw refusal.error
      }
      dispatcher = runtime.dispatcher(
        breadcrumb: try Breadcrumb(path: folder.path + "/breadcrumb"), suspects: Suspects())
    }
  }
}

/// Numbers the users of one batch densely.
package struct TestUsers {
  package private(set) var slots: [Int32] = []

  package init() {}

  package mutating func index(of slot: Int32) -> UInt32 {
    if let place = slots.firstIndex(of: slot) { return UInt32(place) }
    slots.append(slot)
    return UInt32(slots.count - 1)
  }
}
