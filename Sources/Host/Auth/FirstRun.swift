import Store

/// What a new installation is told, once: how to send, how to read, and what goes into an app.
struct FirstRun: Sendable {
  static let appName = "My app"
  static let ownerName = "owner"
  static let timezone = "Etc/UTC"

  let appKey: String
  let appID: String
  let apiKey: String
  /// Where the owner chooses a name and a password, once.
  let setup: String
  /// What the server is reached at.
  let url: String

  /// Ready to be pasted into a shell and a page.
  var text: String {
    """

    A new data folder: one app and an owner were made. This is shown once.

      app key   \(appKey)
      app id    \(appID)
      api key   \(apiKey)

    Choose the owner's name and password, within a day, once:

      \(setup)

    Send an event:

      curl '\(url)/i' -d app_key=\(appKey) -d device_id=my-device \\
        --data-urlencode 'events=[{"key":"hello","count":1}]'

    Read it back:

      curl '\(url)/o?method=events&event=hello&period=hour&app_id=\(appID)&api_key=\(apiKey)'

    Send from a web page with the Countly SDK:

      <script src="https://cdn.jsdelivr.net/npm/countly-sdk-web@latest/lib/countly.min.js"></script>
      <script>
        Countly.init({ app_key: "\(appKey)", url: "\(url)" });
        Countly.track_sessions();
        Countly.track_pageview();
      </script>

    """
  }

}
