import Store

/// What tools and tests ask about running plugins.
extension PluginRuntime {
  /// One route a plugin registered.
  package struct RegisteredRoute: Equatable, Sendable {
    /// With its names in braces: "/o/crashes/{id}".
    package let path: String
    /// Of `?method=`; may be empty.
    package let method: String
    package let permission: String
    package var summary = ""
    /// HTTP methods, in lower case.
    package var http: [String] = []
    /// Of the permission: "read", "create", "update" or "delete".
    package var access = ""
    package var isPublic = false
    /// By name, what it reads beside credentials, the app and what the path captures.
    package var parameters: [String: String] = [:]
    package var bodyBytesMax = 0
    package var deadlineMs = 0
  }

  /// A metric as its plugin registered it.
  package func metric(plugin: String, named name: String) -> MetricDefinition? {
    instances.first { $0.name == plugin }?.enrollment.metrics.first { $0.name == name }
  }

  /// The routes a plugin registered.
  package func routes(of plugin: String) -> [RegisteredRoute] {
    let enrollment = instances.first { $0.name == plugin }?.enrollment
    return (enrollment?.routes ?? []).map {
      RegisteredRoute(
        path: $0.pattern.text, method: $0.method, permission: $0.permission, summary: $0.summary,
        http: $0.methods.text.lowercased().split(separator: " ").map(String.init),
        access: "\($0.access)", isPublic: $0.isPublic,
        parameters: $0.parameters, bodyBytesMax: $0.bodyBytesMax, deadlineMs: $0.deadlineMs)
    }
  }
}
