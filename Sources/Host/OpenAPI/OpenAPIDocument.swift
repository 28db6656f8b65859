/// The document at `/openapi.json`: every route of the server, made of the tables that route.
///
/// What `/o` and `/o/sdk` answer depends on their parameter `method`, which OpenAPI has no paths for:
/// there each method is one value of that parameter, with its right and its other parameters.
struct OpenAPIDocument {
  let routes: [APIRoute]

  var json: JSONValue {
    var paths: [String: JSONValue] = [:]
    for (path, routes) in Dictionary(grouping: routes, by: \.path) {
      paths[path] = .object(item(routes))
    }
    return .object([
      "openapi": .string("3.1.0"),
      "info": .object([
        "title": .string("Tally"), "version": .string(Product.version),
        "description": .string(
          "Parameters come in the query, a form or a JSON object; a body wins. GET and POST are alike."
        ),
      ]),
      "paths": .object(paths), "components": Self.components,
    ])
  }

  /// What stands below one path.
  private func item(_ routes: [APIRoute]) -> [String: JSONValue] {
    let methods = routes.filter { !$0.method.isEmpty }
    var item: [String: JSONValue] = [:]
    for route in routes where route.method.isEmpty {
      for http in route.http { item[http] = operation(route, http) }
    }
    if let first = methods.first {
      var all = first
      all.about = "Answers one of the methods below."
      for http in ["get", "post"] {
        guard case .object(var members) = operation(all, http) else { continue }
        members["parameters"] = .array([
          Self.choice(of: methods), Self.reference("parameters", "app"),
        ])
        members["x-right"] = nil
        item[http] = .object(members)
      }
    }
    return item
  }

  private static func choice(of routes: [APIRoute]) -> JSONValue {
    .object([
      "name": .string("method"), "in": .string("query"), "required": .bool(true),
      "schema": .object([
        "oneOf": .array(
          routes.sorted { $0.method < $1.method }.map { route in
            .object(
              facts(route).merging([
                "const": .string(route.method), "description": .string(route.about.summary),
                "x-parameters": .object(route.about.parameters.mapValues { .string($0) }),
              ]) { _, own in own })
          })
      ]),
    ])
  }

  private func operation(_ route: APIRoute, _ http: String) -> JSONValue {
    var members = Self.facts(route)
    let words = route.path.split { !($0.isLetter || $0.isNumber) }.joined(separator: "_")
    members["operationId"] = .string("\(http)_\(words)")
    members["summary"] = .string(route.about.summary)
    members["security"] =
      route.right == nil
      ? .array([]) : .array([.object(["key": .array([])]), .object(["token": .array([])])])
    var parameters = route.captures.map { Self.parameter($0, "", place: "path") }
    for (name, text) in route.about.parameters.sorted(by: { $0.key < $1.key }) {
      parameters.append(Self.parameter(name, text, place: "query"))
    }
    if route.right != nil { parameters.append(Self.reference("parameters", "app")) }
    members["parameters"] = .array(parameters)
    var responses: [String: JSONValue] = [
      "200": Self.reference("responses", "answer"), "400": Self.reference("responses", "refusal"),
    ]
    if route.right != nil { responses["401"] = Self.reference("responses", "refusal") }
    members["responses"] = .object(responses)
    return .object(members)
  }

  /// What OpenAPI has no words for.
  private static func facts(_ route: APIRoute) -> [String: JSONValue] {
    var facts: [String: JSONValue] = [:]
    facts["x-right"] = route.right.map { .string($0) }
    facts["x-plugin"] = route.plugin.map { .string($0) }
    facts["x-body-bytes-max"] = route.bodyBytesMax.map { .number(Double($0)) }
    facts["x-deadline-ms"] = route.deadlineMs.map { .number(Double($0)) }
    facts["x-example"] = route.about.example.map { .object($0.mapValues { .string($0) }) }
    return facts
  }

  private static func parameter(_ name: String, _ text: String, place: String) -> JSONValue {
    var members: [String: JSONValue] = [
      "name": .string(name), "in": .string(place), "required": .bool(place == "path"),
      "schema": .object(["type": .string("string")]),
    ]
    if !text.isEmpty { members["description"] = .string(text) }
    return .object(members)
  }

  private static func reference(_ kind: String, _ name: String) -> JSONValue {
    .object(["$ref": .string("#/components/\(kind)/\(name)")])
  }

  private static var components: JSONValue {
    func scheme(_ place: String, _ name: String) -> JSONValue {
      .object(["type": .string("apiKey"), "in": .string(place), "name": .string(name)])
    }
    func response(_ text: String, _ schema: [String: JSONValue]) -> JSONValue {
      .object([
        "description": .string(text),
        "content": .object(["application/json": .object(["schema": .object(schema)])]),
      ])
    }
    return .object([
      "securitySchemes": .object([
        "key": scheme("query", "api_key"), "token": scheme("header", "countly-token"),
      ]),
      "parameters": .object(["app": parameter("app_id", "24 hexadecimal digits.", place: "query")]),
      "responses": .object([
        "answer": response("The answer.", [:]),
        "refusal": response(
          "Why there is none.", ["type": .string("object"), "required": .texts(["result"])]),
      ]),
    ])
  }
}
