import TestThreads
import Testing

/// Everything that starts servers, one test after another: they share two cores and the disk.
@Suite(.serialized, .ownThread) enum EndToEnd {}
