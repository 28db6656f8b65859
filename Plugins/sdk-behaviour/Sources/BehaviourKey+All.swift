extension BehaviourKey {
  /// Every key, in the order in which they are sent. The defaults are those of SDKs.
  static let all = switches + sizes + backOff + lists

  private static let switches = [
    BehaviourKey("tracking", .flag(true), "Record anything at all."),
    BehaviourKey("networking", .flag(true), "Send anything at all."),
    BehaviourKey("st", .flag(true), "Record sessions."),
    BehaviourKey("crt", .flag(true), "Record crashes."),
    BehaviourKey("vt", .flag(true), "Record views."),
    BehaviourKey("cet", .flag(true), "Record custom events."),
    BehaviourKey("lt", .flag(true), "Record locations."),
    BehaviourKey("rcz", .flag(true), "Refresh the content zone."),
    BehaviourKey("cr", .flag(false), "Demand consent before anything is recorded."),
    BehaviourKey("ecz", .flag(false), "Enter the content zone."),
    BehaviourKey("czi", .number(30, in: 15...86_400), "Seconds between looks for content."),
  ]

  private static let sizes = [
    BehaviourKey("rqs", .number(1_000, in: 1...100_000), "Requests an SDK keeps in its queue."),
    BehaviourKey("eqs", .number(100, in: 1...10_000), "Events an SDK gathers into one request."),
    BehaviourKey("sui", .number(60, in: 1...86_400), "Seconds between updates of a session."),
    BehaviourKey("scui", .number(4, in: 4...8_760), "Hours until an SDK asks for this again."),
    BehaviourKey(
      "dort", .number(0, in: 0...8_760),
      "Queued requests that are older than that many hours are dropped; 0 keeps them."),
    BehaviourKey("lkl", .number(128, in: 1...1_024), "Characters of a key."),
    BehaviourKey("lvs", .number(256, in: 1...65_536), "Characters of a value."),
    BehaviourKey("lsv", .number(100, in: 1...10_000), "Values in a segmentation."),
    BehaviourKey("lbc", .number(100, in: 0...10_000), "Breadcrumbs of a crash."),
    BehaviourKey("ltlpt", .number(30, in: 1...10_000), "Lines of a thread's stack trace."),
    BehaviourKey("ltl", .number(200, in: 1...10_000), "Characters of a stack trace's line."),
    BehaviourKey("upcl", .number(100, in: 1...10_000), "Custom properties of a user."),
  ]

  private static let backOff = [
    BehaviourKey("bom", .flag(true), "Hold back while the server is slow."),
    BehaviourKey("bom_at", .number(10, in: 1...300), "Seconds after which an answer is slow."),
    BehaviourKey(
      "bom_rqp", .share(50), "Percent of the queue up to which a slow answer is heeded."),
    BehaviourKey(
      "bom_ra", .number(24, in: 1...8_760),
      "Hours; a request that is older does not hold the others back."),
    BehaviourKey("bom_d", .number(60, in: 1...86_400), "Seconds to hold back."),
  ]

  private static let lists = [
    BehaviourKey("eb", .list(.names), "Events that are not recorded, a JSON array of keys."),
    BehaviourKey("ew", .list(.names), "The only events recorded, a JSON array of keys."),
    BehaviourKey("sb", .list(.names), "Segments that are not recorded, a JSON array."),
    BehaviourKey("sw", .list(.names), "The only segments recorded, a JSON array."),
    BehaviourKey(
      "esb", .list(.namesByName), "Segments not recorded, by event: {\"event\":[\"segment\"]}."),
    BehaviourKey(
      "esw", .list(.namesByName), "The only segments recorded, by event, in the same form."),
    BehaviourKey("upb", .list(.names), "User properties that are not recorded, a JSON array."),
    BehaviourKey("upw", .list(.names), "The only user properties recorded, a JSON array."),
    BehaviourKey("jte", .list(.names), "Events that trigger journeys, a JSON array of keys."),
  ]
}
