import PluginABI

/// Routes: what is asked where, by whom, and how much of it.
extension Registrar {
  func route(
    _ pointer: UnsafePointer<tally_route>?, _ out: UnsafeMutablePointer<UInt32>?
  ) -> tally_status {
    register("route", count: enrollment.routes.count) {
      let given = try Incoming.copy(pointer, "tally_route")
      guard let path = given.path.string, let method = given.method.string,
        let permission = given.permission.string, let summary = given.summary.string
      else { return refuse("route", "path, method, permission and summary must be UTF-8") }
      let what = method.isEmpty ? "route \(path)" : "route \(path)?method=\(method)"
      guard let answer = given.answer else { return refuse(what, "needs answer") }
      if let reason = Self.misplaced(path: path, method: method) { return refuse(what, reason) }
      guard let methods = Self.methods(given.methods) else {
        return refuse(what, "methods \(given.methods) are not bits of TALLY_METHOD_…")
      }
      guard let access = Route.Access(rawValue: given.access) else {
        return refuse(what, "access \(given.access) is not one of TALLY_ACCESS_…")
      }
      if let reason = undeclared(permission) { return refuse(what, reason) }
      guard given.body_bytes_max <= Route.bodyBytesMax, given.deadline_ms <= Route.deadlineMsMax
      else {
        return refuse(
          what,
          "body_bytes_max is at most \(Route.bodyBytesMax), deadline_ms \(Route.deadlineMsMax)")
      }
      guard let parameters = Self.parameters(given) else {
        return refuse(
          what,
          "parameters are at most \(Route.parametersMax), each with another name of 1 to "
            + "\(Route.parameterBytesMax) bytes, in UTF-8")
      }
      do throws(RoutePattern.Refusal) {
        let pattern = try RoutePattern(path)
        enrollment.routes.append(
          Route(
            methods: methods, pattern: pattern, method: method,
            permission: permission.isEmpty ? manifest.name : permission, summary: summary,
            parameters: parameters, access: access, isPublic: given.flags & TALLY_ROUTE_PUBLIC != 0,
            isWithoutApp: given.flags & TALLY_ROUTE_WITHOUT_APP != 0,
            isPure: given.flags & TALLY_ROUTE_PURE != 0,
            bodyBytesMax: Int(
              given.body_bytes_max == 0 ? Route.bodyBytesStandard : given.body_bytes_max),
            deadlineMs: Int(given.deadline_ms == 0 ? Route.deadlineMsStandard : given.deadline_ms),
            answer: answer))
      } catch { return refuse(what, error.reason) }
      out?.pointee = UInt32(enrollment.routes.count)
      return TALLY_OK
    }
  }

  private static func methods(_ bits: UInt32) -> Route.Methods? {
    guard bits & ~Route.Methods.all.rawValue == 0 else { return nil }
    return bits == 0 ? .standard : Route.Methods(rawValue: bits)
  }

  /// Nil when they are too many, or cannot be told apart.
  private static func parameters(_ route: tally_route) -> [String: String]? {
    guard route.n_parameters <= Route.parametersMax,
      route.n_parameters == 0 || route.parameters != nil
    else { return nil }
    var parameters: [String: String] = [:]
    for one in UnsafeBufferPointer(start: route.parameters, count: Int(route.n_parameters)) {
      guard let name = one.name.string, let summary = one.summary.string,
        (1...Route.parameterBytesMax).contains(name.utf8.count),
        parameters.updateValue(summary, forKey: name) == nil
      else { return nil }
    }
    return parameters
  }

  private static func misplaced(path: String, method: String) -> String? {
    if !method.isEmpty {
      return ["/o", "/o/sdk"].contains(path)
        ? nil : "with a method the path must be /o or /o/sdk"
    }
    return path.hasPrefix("/o/") || path.hasPrefix("/i/")
      ? nil : "a path must begin with /o/ or /i/"
  }

  /// A permission nobody could be given.
  private func undeclared(_ permission: String) -> String? {
    let known = ["", "core", manifest.name] + manifest.permissions.map(\.key)
    guard !known.contains(permission) else { return nil }
    return "the permission \"\(permission)\" is not in the descriptor; add it to permissions"
  }
}
