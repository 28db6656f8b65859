import PluginABI

/// The tables of services in a runner: each function writes its arguments down and asks the host.
extension ServiceTables {
  /// Writes the functions; `ctx` is what all of them take first.
  func fillRemote(ctx: UnsafeMutableRawPointer) {
    fill(
      commands: .asking(ctx), emit: .asking(ctx), kv: .asking(ctx), jobs: .asking(ctx),
      http: .asking(ctx), auth: .asking(ctx), metrics: .asking(ctx))
  }
}

/// The services behind a table's ctx, and a struct the plugin passed, as far as it can be read: the
/// host refuses what is left out.
private func services(_ ctx: UnsafeMutableRawPointer?) -> RemoteServices? {
  RemoteServices.from(ctx)
}

extension tally_commands {
  static func asking(_ ctx: UnsafeMutableRawPointer) -> tally_commands {
    var table = tally_commands()
    table.struct_size = UInt32(MemoryLayout<tally_commands>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.define = { ctx, handler, error in
      guard let services = services(ctx),
        let handler = try? Incoming.copy(handler, "tally_command_handler"),
        let apply = handler.apply
      else { return TALLY_INVALID }
      var frame = ServiceFrame(.defineCommand)
      frame.put(handler.name)
      let status = services.call(frame, error)
      if status == TALLY_OK, let name = handler.name.string {
        services.define(command: name, apply)
      }
      return status
    }
    table.submit = { ctx, submission, error in
      guard let services = services(ctx),
        let given = try? Incoming.copy(submission, "tally_submission")
      else { return TALLY_INVALID }
      var frame = ServiceFrame(.submit)
      frame.put(given.app, given.timeout_ms)
      frame.put(given.user)
      frame.put(given.name)
      frame.put(given.payload)
      return services.call(frame, error) { _, reader throws(WireDamage) in
        guard !reader.isAtEnd else { return }
        given.answer?(given.answer_ctx, tally_bytes(try reader.data()))
      }
    }
    return table
  }
}

extension tally_emit {
  static func asking(_ ctx: UnsafeMutableRawPointer) -> tally_emit {
    var table = tally_emit()
    table.struct_size = UInt32(MemoryLayout<tally_emit>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.send = { ctx, record, error in tally_emit.send(.send, ctx, 0, record, error) }
    table.stage = { ctx, _, item, record in tally_emit.send(.stage, ctx, item, record, nil) }
    return table
  }

  private static func send(
    _ call: ServiceCall, _ ctx: UnsafeMutableRawPointer?, _ item: UInt32,
    _ record: UnsafePointer<tally_record>?, _ error: UnsafePointer<tally_error>?
  ) -> tally_status {
    guard let services = services(ctx), let given = try? Incoming.copy(record, "tally_record")
    else { return TALLY_INVALID }
    var frame = ServiceFrame(call)
    frame.put(given.app, item)
    frame.put(given.device)
    frame.put(given.object)
    return services.call(frame, error)
  }
}

extension tally_kv {
  static func asking(_ ctx: UnsafeMutableRawPointer) -> tally_kv {
    var table = tally_kv()
    table.struct_size = UInt32(MemoryLayout<tally_kv>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.get = { ctx, app, key, visitCtx, visit, error in
      guard let services = services(ctx), let visit else { return TALLY_INVALID }
      return services.call(tally_kv.frame(.get, app, 0, key), error) {
        status, reader throws(WireDamage) in
        guard status == TALLY_OK else { return }
        let version = try reader.word()
        visit(visitCtx, tally_bytes(try reader.data()), version)
      }
    }
    table.put = { ctx, app, key, value, ttl, error in
      var call = tally_kv.frame(.put, app, ttl, key)
      call.put(value)
      return services(ctx)?.call(call, error) ?? TALLY_INVALID
    }
    table.remove = { ctx, app, key, error in
      services(ctx)?.call(tally_kv.frame(.remove, app, 0, key), error) ?? TALLY_INVALID
    }
    table.compare_swap = { ctx, app, key, version, value, ttl, out, error in
      var call = tally_kv.frame(.compareSwap, app, ttl, key)
      call.put(version)
      call.put(value)
      return services(ctx)?.call(call, error) { _, reader throws(WireDamage) in
        let written = try reader.word()
        if written != 0 { out?.pointee = written }
      } ?? TALLY_INVALID
    }
    table.scan = { ctx, app, prefix, after, limit, visitCtx, visit, error in
      guard let services = services(ctx), let visit else { return TALLY_INVALID }
      var call = tally_kv.frame(.scan, app, limit, prefix)
      call.put(after)
      return services.call(call, error) { _, reader throws(WireDamage) in
        while !reader.isAtEnd {
          let version = try reader.word()
          let key = try reader.tallyText()
          if visit(visitCtx, key, tally_bytes(try reader.data()), version) == 0 { return }
        }
      }
    }
    return table
  }

  private static func frame(
    _ call: ServiceCall, _ app: UInt32, _ number: UInt32, _ key: tally_str
  ) -> ServiceFrame {
    var frame = ServiceFrame(call)
    frame.put(app, number)
    frame.put(key)
    return frame
  }
}

extension tally_jobs {
  static func asking(_ ctx: UnsafeMutableRawPointer) -> tally_jobs {
    var table = tally_jobs()
    table.struct_size = UInt32(MemoryLayout<tally_jobs>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.define = { tally_jobs.define($0, $1, $2) }
    table.enqueue = { ctx, order, out, error in
      guard let services = services(ctx),
        let given = try? Incoming.copy(order, "tally_job_order")
      else { return TALLY_INVALID }
      var frame = ServiceFrame(.enqueue)
      frame.put(UInt32(bitPattern: given.priority), given.delay_s)
      frame.put(given.name)
      frame.put(given.key)
      frame.put(given.payload)
      return services.call(frame, error) { status, reader throws(WireDamage) in
        if status == TALLY_OK { out?.pointee = try reader.word() }
      }
    }
    table.cancel = { ctx, id, error in
      var frame = ServiceFrame(.cancelJob)
      frame.put(id)
      return services(ctx)?.call(frame, error) ?? TALLY_INVALID
    }
    table.look = { ctx, id, out, error in
      guard let services = services(ctx), let out else { return TALLY_INVALID }
      var frame = ServiceFrame(.look)
      frame.put(id)
      return services.call(frame, error) { status, reader throws(WireDamage) in
        guard status == TALLY_OK else { return }
        let (state, attempt) = try reader.pair()
        let permille = UInt32(truncatingIfNeeded: try reader.word())
        out.pointee = tally_job_state(
          struct_size: UInt32(MemoryLayout<tally_job_state>.size), state: state,
          attempt: attempt, permille: permille, due_ms: Int64(bitPattern: try reader.word()))
      }
    }
    return table
  }

  private static func define(
    _ ctx: UnsafeMutableRawPointer?, _ kind: UnsafePointer<tally_job_kind>?,
    _ error: UnsafePointer<tally_error>?
  ) -> tally_status {
    guard let services = services(ctx), let given = try? Incoming.copy(kind, "tally_job_kind"),
      let run = given.run
    else { return TALLY_INVALID }
    var frame = ServiceFrame(.defineJob)
    frame.put(given.name)
    frame.put(given.schedule)
    frame.put(given.timeout_s, given.parallel_max)
    frame.put(given.retries_max, given.backoff_s)
    let status = services.call(frame, error)
    if status == TALLY_OK, let name = given.name.string { services.define(job: name, run) }
    return status
  }
}

extension tally_http {
  static func asking(_ ctx: UnsafeMutableRawPointer) -> tally_http {
    var table = tally_http()
    table.struct_size = UInt32(MemoryLayout<tally_http>.size)
    table.revision = Service.revision
    table.ctx = ctx
    // Nobody could call back into a runner that is waiting for something else.
    table.start = { _, _, _, _, _, error in
      let reason = "the isolated lane has no start; use perform, or set mode: inproc"
      if let error, let set = error.pointee.set {
        Array(reason.utf8).withTallyText { set(error.pointee.ctx, $0) }
      }
      return TALLY_UNSUPPORTED
    }
    table.cancel = { _, _ in TALLY_UNSUPPORTED }
    table.perform = { ctx, request, visitCtx, visit, error in
      guard let services = services(ctx), let visit,
        let given = try? Incoming.copy(request, "tally_http_request")
      else { return TALLY_INVALID }
      return services.call(tally_http.frame(given), error) { _, reader throws(WireDamage) in
        guard !reader.isAtEnd else { return }
        try tally_http.answer(&reader) { visit(visitCtx, $0) }
      }
    }
    return table
  }

  private static func frame(_ given: tally_http_request) -> ServiceFrame {
    var frame = ServiceFrame(.perform)
    frame.put(given.timeout_ms, given.redirects_max)
    frame.put(given.answer_bytes_max)
    frame.put(given.method)
    frame.put(given.url)
    frame.put(given.body)
    frame.put(UInt64(given.n_fields))
    let count = given.fields == nil ? 0 : min(Int(given.n_fields), HTTPServiceLimits.fieldsMax)
    for field in UnsafeBufferPointer(start: given.fields, count: count) {
      frame.put(field.name)
      frame.put(field.value)
    }
    return frame
  }

  private static func answer(
    _ reader: inout WireReader, _ visit: (UnsafePointer<tally_http_answer>) -> Void
  ) throws(WireDamage) {
    var answer = tally_http_answer()
    answer.struct_size = UInt32(MemoryLayout<tally_http_answer>.size)
    (answer.http_status, answer.http_version) = try reader.pair()
    let failure: UInt32
    (failure, answer.n_fields) = try reader.pair()
    answer.failure = Int32(bitPattern: failure)
    answer.body = tally_bytes(try reader.data())
    answer.reason = try reader.tallyText()
    var fields: [tally_http_field] = []
    for _ in 0..<answer.n_fields {
      let name = try reader.tallyText()
      fields.append(tally_http_field(name: name, value: try reader.tallyText()))
    }
    fields.withUnsafeBufferPointer {
      answer.fields = $0.baseAddress
      visit(&answer)
    }
  }
}

extension tally_auth {
  static func asking(_ ctx: UnsafeMutableRawPointer) -> tally_auth {
    var table = tally_auth()
    table.struct_size = UInt32(MemoryLayout<tally_auth>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.member = { ctx, member, visitCtx, visit, error in
      guard let services = services(ctx), let visit else { return TALLY_INVALID }
      let call = tally_auth.frame(.member, 0, 0, member, tally_str())
      return services.call(call, error) { status, reader throws(WireDamage) in
        guard status == TALLY_OK else { return }
        var account = tally_account()
        account.struct_size = UInt32(MemoryLayout<tally_account>.size)
        account.flags = UInt32(truncatingIfNeeded: try reader.word())
        account.id = try reader.tallyText()
        account.username = try reader.tallyText()
        account.full_name = try reader.tallyText()
        account.email = try reader.tallyText()
        visit(visitCtx, &account)
      }
    }
    table.may = { ctx, member, app, feature, access, error in
      services(ctx)?.call(tally_auth.frame(.may, app, access, member, feature), error)
        ?? TALLY_INVALID
    }
    table.audit = { ctx, member, app, action, detail, error in
      var call = tally_auth.frame(.audit, app, 0, member, action)
      call.put(detail)
      return services(ctx)?.call(call, error) ?? TALLY_INVALID
    }
    return table
  }

  private static func frame(
    _ call: ServiceCall, _ app: UInt32, _ access: UInt32, _ member: tally_str, _ text: tally_str
  ) -> ServiceFrame {
    var frame = ServiceFrame(call)
    frame.put(app, access)
    frame.put(member)
    frame.put(text)
    return frame
  }
}

extension tally_metrics {
  static func asking(_ ctx: UnsafeMutableRawPointer) -> tally_metrics {
    var table = tally_metrics()
    table.struct_size = UInt32(MemoryLayout<tally_metrics>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.define = { ctx, kind, name, help, out, error in
      guard let services = services(ctx), let out else { return TALLY_INVALID }
      var frame = ServiceFrame(.defineMetric)
      frame.put(UInt64(kind))
      frame.put(name)
      frame.put(help)
      return services.call(frame, error) { status, reader throws(WireDamage) in
        guard status == TALLY_OK else { return }
        out.pointee = UInt32(truncatingIfNeeded: try reader.word())
        services.define(metric: out.pointee, isCounter: kind == TALLY_KIND_COUNTER)
      }
    }
    table.add = { services($0)?.add($1, $2) }
    table.set = { services($0)?.set($1, $2) }
    return table
  }
}
