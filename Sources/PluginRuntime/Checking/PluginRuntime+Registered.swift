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
  }

  /// A metric as its plugin registered it.
  package func metric(plugin: String, named name: String) -> MetricDefinition? {
    instances.first { $0.name == plugin }?.enrollment.metrics.first { $0.name == name }
  }

  /// The routes a plugin registered.
  package func routes(of plugin: String) -> [RegisteredRoute] {
    let enrollment = instances.first { $0.name == plugin }?.enrollment
    return (enrollment?.routes ?? []).map {
      RegisteredRoute(path: $0.pattern.text, method: $0.method, permission: $0.permission)
    }
  }
}
