import Store

/// A request for a page, read once.
struct PageRequest: Sendable {
  let method: String
  let path: String
  var parameters: [String: String] = [:]
  var cookie: SessionCookie?
  /// The header `Authorization`.
  var authorization: String?
  var address: ClientAddress?
}

/// What a browser is answered.
struct PageReply: Sendable {
  let status: Int
  var headers: [(name: String, value: String)]
  var body = ""

  /// The value of a header.
  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// On to where a password is chosen.
  static func redirect(to link: AccessToken) -> PageReply {
    PageReply(
      status: 302, headers: Page.safety + [("Location", PasswordLinks.path(of: link))])
  }

  /// On to a path of this server: no address ever comes from the request.
  static func redirect(to path: StaticString, cookie: String? = nil) -> PageReply {
    var reply = PageReply(status: 302, headers: Page.safety + [("Location", "\(path)")])
    if let cookie { reply.headers.append(("Set-Cookie", cookie)) }
    return reply
  }

  static func plain(
    _ status: Int, _ text: String, _ headers: [(name: String, value: String)] = []
  ) -> PageReply {
    PageReply(
      status: status,
      headers: Page.safety + [("Content-Type", "text/plain; charset=utf-8")] + headers, body: text)
  }
}

/// A small page that loads nothing, is shown in no frame and runs no script but its own.
struct Page {
  let title: String
  /// HTML; texts of others in it are escaped.
  let body: String
  /// Runs when the page is shown.
  var script = ""
  /// `light` or `dark`; empty: what the browser prefers.
  var theme = ""

  /// Headers of everything that people are answered, beside those that are set.
  static let safety = [
    // Some addresses hold a secret; nobody is told where somebody came from.
    (name: "Referrer-Policy", value: "no-referrer"),
    (name: "Cache-Control", value: "no-store"),
  ]

  func reply(status: Int = 200, cookie: String? = nil) -> PageReply {
    let once = String(UInt64.random(in: .min ... .max), radix: 16)
    let policy =
      "default-src 'none'; style-src 'nonce-\(once)'; script-src 'nonce-\(once)'; "
      + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    var headers =
      Self.safety + [
        (name: "Content-Type", value: "text/html; charset=utf-8"),
        (name: "Content-Security-Policy", value: policy),
      ]
    if let cookie { headers.append((name: "Set-Cookie", value: cookie)) }
    return PageReply(status: status, headers: headers, body: html(once))
  }

  private func html(_ once: String) -> String {
    """
    <!doctype html>
    <html lang="en" class="\(Self.escaped(theme))"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(Self.escaped(title)) · Tally</title>
    <style nonce="\(once)">
    :root { color-scheme: light dark }
    .light { color-scheme: light }
    .dark { color-scheme: dark }
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem;
      color: light-dark(#1d1d1f, #eee); background: light-dark(#fff, #161616) }
    label { display: block; margin: 1rem 0 }
    input { display: block; width: 100%; box-sizing: border-box; padding: .5rem; font: inherit }
    button { padding: .5rem 1.5rem; font: inherit }
    .wrong { color: light-dark(#a4001d, #ff8a9b) }
    code { overflow-wrap: anywhere }
    </style></head>
    <body><main><h1>\(Self.escaped(title))</h1>
    \(body)
    </main>\(script.isEmpty ? "" : "<script nonce=\"\(once)\">\(script)</script>")</body></html>

    """
  }

  /// A text inside a page, or inside an attribute of it.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
