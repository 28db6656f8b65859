/// A plugin, written in Swift.
///
/// Everything a plugin keeps is set in `init` and never changes: hooks run on one thread, answers
/// on many, and the host may replay a batch, so what counts leaves a hook as an effect of the same
/// call. The whole of a small plugin:
///
///     import PluginKit
///
///     private let entry = PluginEntry(Taps.self) { Taps.create($0, $1, $2) }
///
///     @c(tally_plugin_taps)
///     public func tallyPluginTaps() -> PluginTable { entry.table }
///
///     struct Taps: Plugin {
///       static let descriptor = Descriptor(name: "taps", version: "1.0.0", summary: "Taps.")
///       private let taps: Metric
///       private let button: Key
///
///       init(_ host: Host, _ registrar: borrowing Registrar) throws {
///         button = try host.intern("taps")
///         taps = try registrar.metric(
///           "taps", measures: [.sum("t")], dimensions: [.inline("button", meta: "buttons")])
///         try registrar.hook(keys: [button])
///         try registrar.read(method: "taps")
///       }
///
///       func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
///         for item in batch {
///           guard let name = item.root[button]?.text, !name.isEmpty else { continue }
///           effects.count(item, taps.series(dimension: "button", value: name), 1)
///         }
///       }
///
///       func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
///         try request.document(Question(taps))
///       }
///     }
public protocol Plugin: Sendable {
  /// Who the plugin is; readable before anything of it runs.
  static var descriptor: Descriptor { get }

  /// Registers metrics, hooks and reads, and keeps what it was given for them. [control]
  init(_ host: Host, _ registrar: borrowing Registrar) throws

  /// The last chance to refuse. [control]
  func start() throws

  /// Sees a batch of accepted items. All three are borrowed. An error refuses the whole call.
  /// [hook]
  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) throws

  /// Folds the payloads of one batch, in order, into a shared document, empty at first. Pure.
  /// [hook]
  func reduce(_ collection: Collection, _ fold: borrowing Fold) throws

  /// Applies a command the plugin defined. Both are borrowed. Pure; an error refuses the command.
  /// [hook]
  func apply(_ command: Command, _ effects: borrowing Effects) throws

  /// Answers a question the plugin registered. Both are borrowed. [request]
  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws

  /// No new calls will come. [control]
  func drain()

  /// Ends the plugin's own threads. [control]
  func stop()
}

extension Plugin {
  public func start() throws {}

  public func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) has a hook and no process()")
  }

  public func reduce(_ collection: Collection, _ fold: borrowing Fold) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) has a collection and no reduce()")
  }

  public func apply(_ command: Command, _ effects: borrowing Effects) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) has a command and no apply()")
  }

  public func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) has a read and no answer()")
  }

  public func drain() {}

  public func stop() {}
}
