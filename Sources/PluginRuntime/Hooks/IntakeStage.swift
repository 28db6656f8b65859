import PluginABI

/// The parameters of the request at hand, decoded.
package protocol IntakeParameters: AnyObject {
  /// The value of a name, valid until the next is asked for; nil when there is none.
  func value(of name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer?

  /// Hands over all of them, each valid during its call.
  func forEachParameter(
    _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void)
}

/// Runs the intake hooks over one request at a time. One per event loop, confined to it; and two
/// beside each event loop, for requests whose hooks are asked elsewhere.
package final class IntakeStage {
  /// What is known about a request without looking at its parameters.
  package struct Arrival {
    let app: UInt32
    let appID: String
    let device: UnsafeRawBufferPointer
    let address: String
    let isBulk: Bool
    let receivedMs: Int64
    /// Tells the HTTP request from others, and is the same when it is sent again.
    let request: UInt64

    package init(
      app: UInt32, appID: String, device: UnsafeRawBufferPointer, address: String, isBulk: Bool,
      receivedMs: Int64, request: UInt64
    ) {
      self.request = request
      self.app = app
      self.appID = appID
      self.device = device
      self.address = address
      self.isBulk = isBulk
      self.receivedMs = receivedMs
    }

    /// The texts where they lie.
    func withShown<T>(_ body: (IntakeCall.Shown) -> T) -> T {
      var (appID, address) = (appID, address)
      return appID.withUTF8 { appID in
        address.withUTF8 { address in
          body(
            .init(
              app: app, isBulk: isBulk, receivedMs: receivedMs,
              appID: UnsafeRawBufferPointer(appID), device: device,
              address: UnsafeRawBufferPointer(address)))
        }
      }
    }
  }

  /// An answer instead of the request's acceptance.
  package struct Refusal: Hashable {
    package let status: Int
    package let message: String
  }

  /// What a hook said about a request.
  package struct Note: Equatable {
    package let name: [UInt8]
    package var value: [UInt8]
  }

  /// What becomes of a request that is shown here.
  private enum Work {
    /// Its hooks are called, those in other processes excepted.
    case calling
    /// It is written down for the round.
    case collecting(IntakeRound)
    /// It is told what the round came to.
    case telling(IntakeRound)
  }

  private let caller: IntakeCaller
  private let work: Work
  private var seen = -1
  private var wanted = false
  private var asking = false
  /// What the hooks said.
  package private(set) var notes: [Note] = []

  package init(runtime: PluginRuntime) {
    caller = IntakeCaller(runtime: runtime)
    work = .calling
  }

  init(collecting round: IntakeRound) {
    (caller, work, wanted) = (round.caller, .collecting(round), true)
  }

  init(telling round: IntakeRound) {
    (caller, work, wanted) = (round.caller, .telling(round), true)
  }

  /// Whether any plugin has an intake hook; asked for every request, and nothing else happens when
  /// there is none.
  @inline(__always)
  package var isWanted: Bool {
    let version = caller.runtime.publishedVersion
    if version != seen { look(version) }
    return wanted
  }

  /// Whether one of the hooks runs in another process, for which no event loop waits: as of when
  /// `isWanted` was asked last.
  package var asksRunners: Bool { asking }

  private func look(_ version: Int) {
    seen = version
    guard case .calling = work else { return }
    wanted = caller.runtime.set.hasIntake
    asking = caller.runtime.set.asksRunners
  }

  /// Has every hook look at the request, until one refuses it. What was said is in `notes` until the
  /// next call.
  package func judge(_ arrival: Arrival, _ parameters: any IntakeParameters) -> Refusal? {
    notes.removeAll(keepingCapacity: true)
    switch work {
    case .calling: return callHooks(arrival, parameters)
    case .collecting(let round):
      round.add(arrival, parameters)
      return nil
    case .telling(let round):
      let verdict = round.next(arrival)
      notes = verdict.notes
      return verdict.refusal
    }
  }

  private func callHooks(
    _ arrival: Arrival, _ parameters: any IntakeParameters
  ) -> Refusal? {
    let hooks = caller.runtime.enteredIntake()
    defer { hooks.forEach { $0.instance.inFlight.leave() } }
    let occasion = IntakeCaller.Occasion(
      request: arrival.request, receivedMs: arrival.receivedMs)
    return arrival.withShown { shown in
      caller.call.withTable(shown) { table in
        for hook in hooks {
          guard hook.instance.lane == nil else {
            caller.pass(over: hook, 1, arrival.receivedMs)
            continue
          }
          caller.call.begin(parameters)
          defer { caller.call.end() }
          if let refusal = caller.run(hook, table, occasion, notes: &notes) { return refusal }
        }
        return nil
      }
    }
  }
}
