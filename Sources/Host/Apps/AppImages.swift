import HTTPTypes
import Hummingbird
import NIOCore
import Store

/// `/appimages/<app id>.png`: the icons of apps, for everybody. Whoever has none, and whoever is no
/// app, has the standard one.
struct AppImages: Sendable {
  static let path = "/appimages/{name}"
  private static let ending = ".png"

  let store: Store
  let threads: ReadPool

  func add(to router: Router<VisitContext>) {
    router.get(RouterPath(Self.path)) { _, context in
      let name = context.parameters.get("name") ?? ""
      let icon = try await threads.run { try self.icon(name) }
      return Response(
        status: .ok,
        headers: [
          .contentType: "image/png", .xContentTypeOptions: "nosniff",
          .cacheControl: "no-cache",
        ],
        body: .init(byteBuffer: ByteBuffer(bytes: icon)))
    }
  }

  private func icon(_ name: String) throws -> [UInt8] {
    guard name.hasSuffix(Self.ending) else { return AppIcon.standard }
    return try store.icon(app: String(name.dropLast(Self.ending.count))) ?? AppIcon.standard
  }
}
