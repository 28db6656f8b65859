import PluginRuntime

/// Every route that the server answers, out of the tables that route.
extension Core {
  var apiRoutes: [APIRoute] {
    hostRoutes + ownRoutes.map(APIRoute.init) + ManagementService.routes.map(APIRoute.init)
      + UserService.routes + pluginRoutes + unownedRoutes
  }

  /// What SDKs are answered with nothing, since no plugin owns it.
  private var unownedRoutes: [APIRoute] {
    let owned = Set(pluginRoutes.filter { $0.path == QueryService.sdkPath }.map(\.method))
    return SDKDefaults.methods.filter { !owned.contains($0) }.map {
      APIRoute(QueryService.sdkPath, method: $0, "No plugin owns it: there is nothing for SDKs.")
    }
  }

  /// Whoever may ask, and lanes of their own.
  private var hostRoutes: [APIRoute] {
    [
      APIRoute(
        "/i",
        .init(
          "Takes what a device sends.", ["app_key": "The app's key.", "device_id": "The device."])
      ),
      APIRoute(
        "/i/bulk", .init("Takes several requests at once.", ["requests": "A JSON array of them."])),
      APIRoute("/o/ping", http: ["get"], .reading("Says that the server is there.")),
      APIRoute("/metrics", http: ["get"], .reading("The server's numbers, for Prometheus.")),
      APIRoute(
        LiveDoor.path, http: ["get"], right: "read core", "What happens now, as it happens."),
      APIRoute(AppImages.path, http: ["get"], .reading("The icon of an app, a PNG.")),
      APIRoute(
        "/robots.txt", http: ["get"], .reading("What programs that collect pages are told.")),
      APIRoute("/login", "A page to sign in, and what its form sends."),
      APIRoute("/logout", http: ["post"], "Ends the session of a browser."),
      APIRoute("/dashboard", http: ["get"], "A page for who is signed in."),
      APIRoute("/api-key", http: ["get"], "The api key for name and password (Basic)."),
      APIRoute("/setup", "Where the owner of a new store chooses a password, by a link."),
      APIRoute("/reset", "Where a member chooses a new password, by a link."),
      APIRoute("/reset/{token}", "The same; the token stands in the path."),
      APIRoute(ForgottenPage.path, "Where somebody says that they lost their password."),
      APIRoute(KeyPage.path, "A page that shows the api key for name and password."),
      APIRoute(
        TokenLogin.path + "/{token}", http: ["get"], "Logs a browser in with a token for it."),
      APIRoute("/o/themes", .reading("Names of themes; the empty one is what a browser prefers.")),
      APIRoute(OpenAPIRoutes.path, http: ["get"], .reading("This document.")),
    ]
  }

  private var pluginRoutes: [APIRoute] {
    runtime.instances.flatMap { instance in
      runtime.routes(of: instance.name).map { route in
        let asked = route.method.isEmpty ? route.path : "method=\(route.method)"
        let summary = route.summary.isEmpty ? "\(instance.name) answers \(asked)." : route.summary
        var made = APIRoute(
          route.path, method: route.method, http: route.http, plugin: instance.name,
          .init(summary, route.parameters))
        let standard = Route.standardBounds
        if route.bodyBytesMax != standard.bodyBytesMax { made.bodyBytesMax = route.bodyBytesMax }
        if route.deadlineMs != standard.deadlineMs { made.deadlineMs = route.deadlineMs }
        if !route.isPublic, !route.path.hasPrefix(QueryService.sdkPath) {
          made.right = "\(route.access) \(route.permission)"
        }
        return made
      }
    }
  }
}

extension APIRoute {
  /// A route of the host, by its name in the table.
  init(_ name: String, _ route: OwnRoute) {
    let parts = name.split(separator: "?", maxSplits: 1)
    self.init(
      String(parts[0]), method: parts.count > 1 ? String(parts[1].dropFirst("method=".count)) : "",
      right: route.need.words, route.about)
    if route.bodyBytesMax != OwnRoute.bodyBytesStandard { bodyBytesMax = route.bodyBytesMax }
  }

  init(_ path: String, _ route: ManagementService.Route) {
    self.init(path, right: route.need.words, route.about)
  }
}
