import Store

/// A checked question on its way to the plugin that owns it: the caller may ask, the app exists.
package struct Question {
  package let app: UInt32
  package let appID: String
  package let calendar: LocalCalendar
  package let httpMethod: String
  package let path: String
  package let parameters: [String: String]
  package let nowMs: Int64

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
  }
}

/// What a plugin answered.
package struct Answer {
  package var status = 200
  package var body: [UInt8] = []
}
