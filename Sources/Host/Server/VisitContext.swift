import Hummingbird
import Logging

/// What a request comes with beside itself: the other end of its connection.
struct VisitContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Nil for a connection that is not of the network.
  let peer: ClientAddress?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    peer = ClientAddress(source.channel.remoteAddress)
  }
}
