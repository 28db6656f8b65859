import PluginABI
import Store

/// Everything one plugin registered in `enroll`, published in one step when its start succeeded.
package struct Enrollment {
  /// A function that sees accepted items.
  struct Hook {
    let phase: Int32
    let before: [String]
    let after: [String]
    let keys: [UInt32]
    /// The how-manieth hook of its plugin, by the order of registration.
    var ordinal = 0
    let process:
      @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<tally_batch>?, UnsafePointer<tally_facts>?,
        UnsafePointer<tally_effects>?, UnsafePointer<tally_error>?
      ) -> tally_status
  }

  /// Documents that many users share.
  struct Collection {
    let name: String
    let documentLimit: Int
    let reduce:
      @convention(c) (
        UnsafeMutableRawPointer?, UInt32, tally_str, tally_bytes, UnsafePointer<tally_bytes>?,
        UInt32,
        UnsafeMutableRawPointer?, (@convention(c) (UnsafeMutableRawPointer?, tally_bytes) -> Void)?
      ) -> tally_status
  }

  struct Table {
    let name: String
    let rowsPerKey: Int
  }

  /// A question the plugin answers.
  struct Read {
    let method: String
    let path: String
    let feature: String
    let answer:
      @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<tally_request>?, UnsafePointer<tally_reply>?,
        UnsafePointer<tally_error>?
      ) -> tally_status
  }

  /// Registrations of each kind a plugin may make.
  static let registrationsMax = 256

  var metrics: [MetricDefinition] = []
  var collections: [Collection] = []
  var tables: [Table] = []
  var hooks: [Hook] = []
  var reads: [Read] = []
}
