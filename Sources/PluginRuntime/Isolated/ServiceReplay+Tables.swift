import PluginABI

/// Each function of each service, called with what the frame says.
extension ServiceReplay {
  // MARK: Commands

  func commands(
    _ function: ServiceCall, _ reader: inout WireReader, _ call: Call
  ) throws(WireDamage) -> tally_status {
    guard let table = table(.commands, as: tally_commands.self) else { return TALLY_UNSUPPORTED }
    if function == .defineCommand {
      var handler = tally_command_handler()
      handler.struct_size = UInt32(MemoryLayout<tally_command_handler>.size)
      handler.name = try reader.tallyText()
      // Where it is called, the lane calls the runner instead.
      handler.apply = { _, _, _, _ in TALLY_UNSUPPORTED }
      if isAgain {
        return isKnown(handler.name, call) { name in
          context?.commands.withLock { $0[name] != nil } ?? false
        }
      }
      return table.define(table.ctx, &handler, call.error)
    }
    var submission = tally_submission()
    submission.struct_size = UInt32(MemoryLayout<tally_submission>.size)
    (submission.app, submission.timeout_ms) = try reader.pair()
    submission.user = try reader.word()
    submission.name = try reader.tallyText()
    submission.payload = tally_bytes(try reader.data())
    submission.answer_ctx = call.sink
    submission.answer = { ctx, bytes in Sink.from(ctx).frame.put(bytes) }
    return table.submit(table.ctx, &submission, call.error)
  }

  /// Whether what a runner defines again is what the first one defined.
  private func isKnown(
    _ name: tally_str, _ call: Call, _ among: (String) -> Bool
  ) -> tally_status {
    if let name = name.string, among(name) { return TALLY_OK }
    return refuse("\(name.string ?? "") was not defined when the plugin was first started", call)
  }

  private func refuse(_ reason: String, _ call: Call) -> tally_status {
    Array(reason.utf8).withTallyText { call.error.pointee.set(call.error.pointee.ctx, $0) }
    return TALLY_CONFLICT
  }

  // MARK: Emit

  func emit(
    _ function: ServiceCall, _ reader: inout WireReader, _ call: Call
  ) throws(WireDamage) -> tally_status {
    guard let table = table(.emit, as: tally_emit.self) else { return TALLY_UNSUPPORTED }
    var record = tally_record()
    record.struct_size = UInt32(MemoryLayout<tally_record>.size)
    let (app, item) = try reader.pair()
    record.app = app
    record.device = try reader.tallyText()
    record.object = try reader.tallyText()
    return function == .send
      ? table.send(table.ctx, &record, call.error)
      : table.stage(table.ctx, call.effects, item, &record)
  }

  // MARK: Key-value

  func keyValues(
    _ function: ServiceCall, _ reader: inout WireReader, _ call: Call
  ) throws(WireDamage) -> tally_status {
    guard let table = table(.kv, as: tally_kv.self) else { return TALLY_UNSUPPORTED }
    let (app, number) = try reader.pair()
    let key = try reader.tallyText()
    switch function {
    case .get:
      return table.get(
        table.ctx, app, key, call.sink,
        { ctx, value, version in
          Sink.from(ctx).frame.put(version)
          Sink.from(ctx).frame.put(value)
        }, call.error)
    case .remove: return table.remove(table.ctx, app, key, call.error)
    case .put:
      return table.put(table.ctx, app, key, tally_bytes(try reader.data()), number, call.error)
    case .compareSwap:
      let version = try reader.word()
      let value = tally_bytes(try reader.data())
      var written: UInt64 = 0
      let status = table.compare_swap(
        table.ctx, app, key, version, value, number, &written, call.error)
      call.out.frame.put(written)
      return status
    default:
      return table.scan(
        table.ctx, app, key, try reader.tallyText(), number, call.sink,
        { ctx, key, value, version in
          Sink.from(ctx).frame.put(version)
          Sink.from(ctx).frame.put(key)
          Sink.from(ctx).frame.put(value)
          return 1
        }, call.error)
    }
  }

  // MARK: Jobs

  func jobs(
    _ function: ServiceCall, _ reader: inout WireReader, _ call: Call
  ) throws(WireDamage) -> tally_status {
    guard let table = table(.jobs, as: tally_jobs.self) else { return TALLY_UNSUPPORTED }
    switch function {
    case .defineJob: return try defineJob(&reader, table, call)
    case .enqueue:
      var order = tally_job_order()
      order.struct_size = UInt32(MemoryLayout<tally_job_order>.size)
      let (priority, delay) = try reader.pair()
      (order.priority, order.delay_s) = (Int32(bitPattern: priority), delay)
      order.name = try reader.tallyText()
      order.key = try reader.tallyText()
      order.payload = tally_bytes(try reader.data())
      var id: UInt64 = 0
      let status = table.enqueue(table.ctx, &order, &id, call.error)
      call.out.frame.put(id)
      return status
    case .cancelJob: return table.cancel(table.ctx, try reader.word(), call.error)
    default:
      var state = tally_job_state()
      let status = table.look(table.ctx, try reader.word(), &state, call.error)
      call.out.frame.put(state.state, state.attempt)
      call.out.frame.put(UInt64(state.permille))
      call.out.frame.put(UInt64(bitPattern: state.due_ms))
      return status
    }
  }

  private func defineJob(
    _ reader: inout WireReader, _ table: tally_jobs, _ call: Call
  ) throws(WireDamage) -> tally_status {
    var kind = tally_job_kind()
    kind.struct_size = UInt32(MemoryLayout<tally_job_kind>.size)
    kind.name = try reader.tallyText()
    kind.schedule = try reader.tallyText()
    (kind.timeout_s, kind.parallel_max) = try reader.pair()
    (kind.retries_max, kind.backoff_s) = try reader.pair()
    kind.run = { instance, job, error in IsolatedLane.run(instance, job, error) }
    if isAgain {
      return isKnown(kind.name, call) { name in
        context?.jobKinds.withLock { $0.contains { $0.name == name } } ?? false
      }
    }
    return table.define(table.ctx, &kind, call.error)
  }

  // MARK: HTTP

  func http(_ reader: inout WireReader, _ call: Call) throws(WireDamage) -> tally_status {
    guard let table = table(.http, as: tally_http.self) else { return TALLY_UNSUPPORTED }
    var request = tally_http_request()
    request.struct_size = UInt32(MemoryLayout<tally_http_request>.size)
    (request.timeout_ms, request.redirects_max) = try reader.pair()
    request.answer_bytes_max = try reader.word()
    request.method = try reader.tallyText()
    request.url = try reader.tallyText()
    request.body = tally_bytes(try reader.data())
    request.n_fields = UInt32(truncatingIfNeeded: try reader.word())
    var fields: [tally_http_field] = []
    // More than there may be are refused by their number alone.
    for _ in 0..<(Int(request.n_fields) > HTTPServiceLimits.fieldsMax ? 0 : request.n_fields) {
      let name = try reader.tallyText()
      fields.append(tally_http_field(name: name, value: try reader.tallyText()))
    }
    return fields.withUnsafeBufferPointer { fields in
      request.fields = fields.baseAddress
      return table.perform(
        table.ctx, &request, call.sink,
        { ctx, answer in
          guard let answer = answer?.pointee else { return }
          let sink = Sink.from(ctx)
          sink.frame.put(answer.http_status, answer.http_version)
          sink.frame.put(UInt32(bitPattern: answer.failure), answer.n_fields)
          sink.frame.put(answer.body)
          sink.frame.put(answer.reason)
          for field in UnsafeBufferPointer(start: answer.fields, count: Int(answer.n_fields)) {
            sink.frame.put(field.name)
            sink.frame.put(field.value)
          }
        }, call.error)
    }
  }

  // MARK: Auth and metrics

  func auth(
    _ function: ServiceCall, _ reader: inout WireReader, _ call: Call
  ) throws(WireDamage) -> tally_status {
    guard let table = table(.auth, as: tally_auth.self) else { return TALLY_UNSUPPORTED }
    let (app, access) = try reader.pair()
    let member = try reader.tallyText()
    let first = try reader.tallyText()
    switch function {
    case .may: return table.may(table.ctx, member, app, first, access, call.error)
    case .audit:
      return table.audit(table.ctx, member, app, first, try reader.tallyText(), call.error)
    default:
      return table.member(
        table.ctx, member, call.sink,
        { ctx, account in
          guard let account = account?.pointee else { return }
          let sink = Sink.from(ctx)
          sink.frame.put(UInt64(account.flags))
          for text in [account.id, account.username, account.full_name, account.email] {
            sink.frame.put(text)
          }
        }, call.error)
    }
  }

  func metric(_ reader: inout WireReader, _ call: Call) throws(WireDamage) -> tally_status {
    guard let table = table(.metrics, as: tally_metrics.self) else { return TALLY_UNSUPPORTED }
    let kind = UInt32(truncatingIfNeeded: try reader.word())
    let name = try reader.tallyText()
    let help = try reader.tallyText()
    if isAgain {
      let known = context?.ownMetrics.firstIndex { $0.name == name.string }
      guard let known else {
        return refuse("\(name.string ?? "") was not defined when first started", call)
      }
      call.out.frame.put(UInt64(known + 1))
      return TALLY_OK
    }
    var number: UInt32 = 0
    let status = table.define(table.ctx, kind, name, help, &number, call.error)
    call.out.frame.put(UInt64(number))
    return status
  }
}
