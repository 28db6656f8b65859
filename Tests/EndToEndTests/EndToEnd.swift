import TestThreads
import Testing

// Everything that starts servers, in three rows that take about as long as each other: one test after
// another in each, since all share two cores and the disk. Servers mostly wait.

/// What servers answer.
@Suite(.serialized, .ownThread) enum EndToEnd {}

/// Servers that lose power, are killed, or whose plugins are switched, merge users or end them.
@Suite(.serialized, .ownThread) enum FaultsEndToEnd {}

/// Servers with isolated plugins.
@Suite(.serialized, .ownThread) enum IsolatedEndToEnd {}
