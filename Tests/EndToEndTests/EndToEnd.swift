import TestThreads
import Testing

/// Everything that starts servers, one test after another: they share two cores and the disk.
@Suite(.serialized, .ownThread) enum EndToEnd {}

/// Servers that lose power, are killed, or have plugins that do what they may not. They mostly wait,
/// so that they run beside the others, one after another as well.
@Suite(.serialized, .ownThread) enum FaultsEndToEnd {}
