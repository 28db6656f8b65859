/// What an operator is told of an instance.
extension PluginInstance {
  /// The questions it answers: methods of `/o`, and paths.
  package var questions: [String] {
    enrollment.routes.map { route in
      let methods = route.methods == .standard ? "" : route.methods.text + " "
      return methods + route.pattern.text + (route.method.isEmpty ? "" : "?method=\(route.method)")
    }
  }

  /// How many hooks it has, of all kinds.
  package var hookCount: Int { enrollment.hooks.count }
}
