import PluginKit

private let entry = PluginEntry(BankPlugin.self) { BankPlugin.create($0, $1, $2) }

@c(tally_plugin_bank)
public func tallyPluginBank() -> PluginTable { entry.table }

let bank: PluginEntryFunction = { tallyPluginBank() }

/// Sends itself commands and records, as its question says.
struct BankPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "bank", version: "1.0.0", summary: "Tries commands and records.")

  private let deposits: Metric
  private let accounts: Collection
  private let slips: Table
  private let echo: Key
  private let loop: Key
  private let wrong: Key
  private let commands: Commands
  private let emitter: Emitter

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    deposits = try registrar.metric("deposits", measures: [.sum("t")])
    accounts = try registrar.collection("accounts", documentLimit: 100)
    slips = try registrar.table("slips")
    echo = try host.intern("echo")
    loop = try host.intern("loop")
    wrong = try host.intern("wrong")
    commands = try Commands(host)
    emitter = try Emitter(host)
    for name in ["deposit", "note", "spoil", "break"] { try commands.define(name) }
    try registrar.hook(keys: [echo, loop, wrong])
    try registrar.read(method: "bank")
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) throws {
    for item in batch {
      if item.root[echo] != nil {
        try emitter.stage(item, effects, object: #"{"events":[{"key":"echoed","count":1}]}"#)
      }
      if item.root[loop] != nil {
        // The last one is dropped by the host, which is no reason to refuse the item.
        try? emitter.stage(item, effects, device: "looper", object: #"{"loop":1}"#)
      }
      if item.root[wrong] != nil { try commands.submit("deposit", app: item.app) }
    }
  }

  func apply(_ command: Command, _ effects: borrowing Effects) throws {
    effects.count(command, deposits.series(), 1)
    effects.row(command, slips, key: "all", command.payload)
    if command.name == "note" { effects.putCell(command, command.payload) }
    let text = Text(command.payload.baseAddress, count: command.payload.count)
    effects.emit(command, accounts, key: text, command.name.bytes)
    if command.name == "deposit" {
      try emitter.stage(
        command, effects, device: "bank", object: #"{"events":[{"key":"deposited","count":1}]}"#)
    }
    if command.name == "spoil" { throw PluginError(.conflict, "the account is closed") }
    command.answer(Array("position \(command.position > 0)".utf8))
  }

  func reduce(_ collection: Collection, _ fold: borrowing Fold) throws {
    var bytes = Array(fold.document)
    for place in 0..<fold.count {
      let payload = Array(fold[place])
      if payload == Array("break".utf8) { throw PluginError(.invalid, "broken") }
      bytes += Array("1".utf8)
    }
    bytes.withUnsafeBytes { fold.put($0) }
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    if let name = request["do"] {
      do {
        let user = UInt64(String(request["user"] ?? "0")) ?? 0
        let answer = try commands.submit(
          String(name), app: request.app, user: user, payload: Array((request["to"] ?? "").bytes))
        reply.string(String(decoding: answer, as: UTF8.self))
      } catch let error as PluginError {
        reply.string("\(error.code): \(error.message)")
      }
      return
    }
    if let object = request["send"] {
      do {
        try emitter.send(app: request.app, device: "sender", object: String(object))
        reply.string("sent")
      } catch let error as PluginError {
        reply.string("\(error.code): \(error.message)")
      }
      return
    }
    if let user = request["cell"] {
      let cell = try request.cell(user: UInt64(String(user)) ?? 0)
      return reply.string(Text(cell?.baseAddress, count: cell?.count ?? 0))
    }
    try report(request, reply)
  }

  private func report(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    var (sum, rows): (Int64, Int64) = (0, 0)
    try request.totals(Question(deposits)) { line in
      sum += line[0]
      return true
    }
    try request.rows(slips, limit: 1_000) { _ in
      rows += 1
      return true
    }
    reply.write("counted ")
    reply.number(sum)
    reply.write(" rows ")
    reply.number(rows)
    try request.list(accounts) { line in
      reply.write(" ")
      reply.write(line.key)
      reply.write("=")
      reply.number(Int64(line.document.count))
      return true
    }
  }
}
