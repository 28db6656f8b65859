import Store
import Synchronization

/// A checked question on its way to the plugin that owns it: the caller may ask, the app exists.
package struct Question {
  /// 0 with a route that is about no app.
  package let app: UInt32
  package let appID: String
  package let calendar: LocalCalendar
  package let httpMethod: String
  package let path: String
  package let parameters: [String: String]
  package let nowMs: Int64
  /// The member who asks; empty where anybody may.
  package var member = ""
  package var body: [UInt8] = []
  package var contentType = ""
  /// Names the request to services; never 0, never used again.
  package var reference: UInt64 = 1
  package var deadlineMs: Int64
  package var cancellation = Cancellation()

  package init(
    app: UInt32, appID: String, calendar: LocalCalendar, httpMethod: String, path: String,
    parameters: [String: String], nowMs: Int64
  ) {
    self.app = app
    self.appID = appID
    self.calendar = calendar
    self.httpMethod = httpMethod
    self.path = path
    self.parameters = parameters
    self.nowMs = nowMs
    deadlineMs = nowMs + Int64(Route.deadlineMsStandard)
  }

  /// Now, on the clocks of the app's zone.
  package var localMs: Int64 { calendar.localMs(ofMs: nowMs) }
}

/// Says to whoever answers that nobody waits any more.
package final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  /// Made while a request is answered, it hears when the client of that goes.
  package init() { Departure.ofClient?.watch(self) }

  package func cancel() { flag.store(true, ordering: .relaxed) }

  package var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// What a plugin answered.
package struct Answer {
  package var status = 200
  package var headers: [(name: String, value: String)] = []
  package var body: [UInt8] = []
}
