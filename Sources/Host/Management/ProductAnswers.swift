import Store

/// Small answers about the server itself.
struct ProductAnswers: Sendable {
  /// Events that SDKs send by themselves.
  static let internalEvents = [
    "[CLY]_session", "[CLY]_crash", "[CLY]_view", "[CLY]_action", "[CLY]_push_action",
    "[CLY]_push_sent", "[CLY]_star_rating", "[CLY]_nps", "[CLY]_survey", "[CLY]_apm_network",
    "[CLY]_apm_device", "[CLY]_consent", "[CLY]_orientation",
  ]

  let core: Core

  /// By path.
  var routes: [String: OwnRoute] {
    [
      "/o/system/version": OwnRoute(need: .member, about: .reading("The server's version.")) { _ in
        QueryReply(.object(["version": .string(Product.version)]))
      },
      "/o/system/plugins": OwnRoute(need: .member, about: .reading("Names of plugins that run.")) {
        [core] _ in QueryReply(.texts(core.runtime.instances.map(\.name)))
      },
      "/o/countly_version": OwnRoute(need: .member, about: .reading("Versions of the parts.")) {
        _ in
        QueryReply(
          .object(["result": .object(["pkg": .string(Product.version), "db": .string("SQLite")])]))
      },
      "/o/internal-events": OwnRoute(
        need: .readCore, isAboutApp: true, about: .reading("Events that SDKs send by themselves.")
      ) { _ in QueryReply(.texts(Self.internalEvents)) },
    ]
  }
}
