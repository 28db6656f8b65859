import NIOCore

/// The bounds of the HTTP side. Beyond each of them a client is answered or closed, and counted;
/// nothing grows.
package struct HTTPLimits: Sendable {
  /// Bytes of a request's target and headers together.
  package var headerBytesMax = 32 << 10
  /// Header fields of one request.
  package var headerFieldsMax = 128
  /// Bytes of one body.
  package var bodyBytesMax = 20 << 20
  /// Bytes of all bodies that are being received in more than one piece.
  package var bodyMemoryBytesMax = 64 << 20
  /// Open connections; further ones are closed at once.
  package var connectionsMax = 10_000
  /// SDK requests that wait for the journal.
  package var requestsInFlightMax = 50_000
  /// SDK requests of one connection that wait; no more is read until one is answered.
  package var pipelinedMax = 64
  /// How long a connection may be silent between requests.
  package var idleTimeout = TimeAmount.seconds(120)
  /// How long a request may take to arrive.
  package var requestTimeout = TimeAmount.seconds(60)
  /// How long a refused client is listened to, so that it can read why.
  package var lingerTimeout = TimeAmount.seconds(2)
  /// How long a request that asks for it waits for its commit.
  package var commitTimeout = TimeAmount.seconds(5)
  /// How long a stop waits for what is in flight.
  package var stopTimeout = TimeAmount.seconds(2)

  package init() {}
}
