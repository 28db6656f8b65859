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

  /// Registers metrics, hooks and routes, and keeps what it was given for them. [control]
  init(_ host: Host, _ registrar: borrowing Registrar) throws

  /// The last chance to refuse. [control]
  func start() throws

  /// May refuse or annotate one request before it is journalled. Never blocks. What is thrown is
  /// logged, and the request accepted. [intake]
  func intake(_ request: borrowing Arrival) throws

  /// May drop, edit and add before anybody counts. Pure. An error refuses the whole call. [hook]
  func transform(_ batch: Batch, _ verdicts: borrowing Verdicts) throws

  /// Sees a batch of accepted items. All three are borrowed. An error refuses the whole call.
  /// [hook]
  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) throws

  /// Folds the payloads of one batch, in order, into a shared document, empty at first. Pure.
  /// [hook]
  func reduce(_ collection: Collection, _ fold: borrowing Fold) throws

  /// Makes one cell out of two, when two users turn out to be one. Without it, or without a put,
  /// that of the user who goes on stays. Pure. [hook]
  func merge(_ merge: borrowing Merge) throws

  /// Applies a command the plugin defined. Both are borrowed. Pure; an error refuses the command.
  /// [hook]
  func apply(_ command: Command, _ effects: borrowing Effects) throws

  /// Runs a job the plugin defined; what is thrown has it tried again. Borrowed. [job]
  func run(_ job: borrowing Job) throws

  /// Tells the world what was committed; at least once. What is thrown has the call repeated.
  /// [committed]
  func committed(_ commit: borrowing Commit) throws

  /// Hears what happened to apps, users, settings and days. [control]
  func lifecycle(_ event: borrowing LifecycleEvent) throws

  /// Answers a question the plugin registered: `request.route` says which. Both are borrowed.
  /// [request]
  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws

  /// Tells what the plugin's cell says about a user. Pure. [request]
  func describe(_ portrait: borrowing Portrait) throws

  /// What the next generation of the plugin's code should know; nil for nothing. Called between
  /// `drain` and `stop`. [control]
  func exportState() throws -> [UInt8]?

  /// Takes over what another generation exported, before `start`. [control]
  func importState(_ state: UnsafeRawBufferPointer) throws

  /// No new calls will come. [control]
  func drain()

  /// Ends the plugin's own threads. [control]
  func stop()
}

extension Plugin {
  public func start() throws {}

  public func intake(_ request: borrowing Arrival) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) has an intake hook and no intake()")
  }

  public func transform(_ batch: Batch, _ verdicts: borrowing Verdicts) throws {
    throw PluginError(
      .unsupported, "\(Self.descriptor.name) has a transform hook and no transform()")
  }

  public func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) has a hook and no process()")
  }

  public func reduce(_ collection: Collection, _ fold: borrowing Fold) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) has a collection and no reduce()")
  }

  public func apply(_ command: Command, _ effects: borrowing Effects) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) has a command and no apply()")
  }

  public func run(_ job: borrowing Job) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) has a job and no run()")
  }

  public func merge(_ merge: borrowing Merge) throws {}

  public func committed(_ commit: borrowing Commit) throws {
    throw PluginError(
      .unsupported, "\(Self.descriptor.name) has a committed hook and no committed()")
  }

  public func lifecycle(_ event: borrowing LifecycleEvent) throws {
    throw PluginError(
      .unsupported, "\(Self.descriptor.name) has a lifecycle hook and no lifecycle()")
  }

  public func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) has a route and no answer()")
  }

  public func describe(_ portrait: borrowing Portrait) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) describes users and has no describe()")
  }

  public func exportState() throws -> [UInt8]? { nil }

  public func importState(_ state: UnsafeRawBufferPointer) throws {
    throw PluginError(.unsupported, "\(Self.descriptor.name) reads no state of other generations")
  }

  public func drain() {}

  public func stop() {}
}
