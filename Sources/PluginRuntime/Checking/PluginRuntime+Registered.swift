import Store

/// What tools and tests ask about running plugins.
extension PluginRuntime {
  /// One question a plugin registered: by method, or by path.
  package struct RegisteredRead: Equatable, Sendable {
    package let method: String
    package let path: String
    package let feature: String
  }

  /// A metric as its plugin registered it.
  package func metric(plugin: String, named name: String) -> MetricDefinition? {
    instances.first { $0.name == plugin }?.enrollment.metrics.first { $0.name == name }
  }

  /// The questions a plugin registered.
  package func reads(of plugin: String) -> [RegisteredRead] {
    let enrollment = instances.first { $0.name == plugin }?.enrollment
    return (enrollment?.reads ?? []).map {
      RegisteredRead(method: $0.method, path: $0.path, feature: $0.feature)
    }
  }

  /// How many registrations of each kind a plugin made, for people.
  package func registrations(of plugin: String) -> [(kind: String, count: Int)] {
    guard let enrollment = instances.first(where: { $0.name == plugin })?.enrollment else {
      return []
    }
    return [
      ("metrics", enrollment.metrics.count), ("collections", enrollment.collections.count),
      ("tables", enrollment.tables.count), ("hooks", enrollment.hooks.count),
      ("reads", enrollment.reads.count),
    ]
  }
}
