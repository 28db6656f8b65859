import PluginABI

/// The functions of `tally_hook` and of `tally_collection`.
extension Trampolines {
  static let process:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_batch>?, UnsafePointer<tally_facts>?,
      UnsafePointer<tally_effects>?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, batch, facts, effects, error in
      with(instance, error) { instance in
        guard let batch, let facts, let effects else {
          throw PluginError(.invalid, "a hook needs a batch, facts and effects")
        }
        try instance.process(Batch(batch), Facts(facts), try Effects(effects))
      }
    }

  static let transform:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_batch>?, UnsafePointer<tally_verdicts>?,
      UnsafePointer<tally_error>?
    ) -> tally_status = { instance, batch, verdicts, error in
      with(instance, error) { instance in
        guard let batch, let verdicts else {
          throw PluginError(.invalid, "a transform hook needs a batch and verdicts")
        }
        try instance.transform(Batch(batch), try Verdicts(verdicts, batch))
      }
    }

  static let intake:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_intake>?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, request, error in
      with(instance, error) { instance in
        guard let request else { throw PluginError(.invalid, "an intake hook needs a request") }
        try instance.intake(try Arrival(request))
      }
    }

  static let committed:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_commit>?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, commit, error in
      with(instance, error) { instance in
        guard let commit else { throw PluginError(.invalid, "a committed hook needs a commit") }
        try instance.committed(try Commit(commit))
      }
    }

  static let lifecycle:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_lifecycle>?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, event, error in
      with(instance, error) { instance in
        guard let event else { throw PluginError(.invalid, "a lifecycle hook needs an event") }
        try instance.lifecycle(try LifecycleEvent(event))
      }
    }

  static let merge:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_merge>?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, merge, error in
      with(instance, error) { instance in
        guard let merge else { throw PluginError(.invalid, "merge needs two cells") }
        try instance.merge(try Merge(merge))
      }
    }

  static let reduce:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_fold>?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, fold, error in
      with(instance, error) { instance in
        guard let fold else { throw PluginError(.invalid, "reduce needs a fold") }
        try instance.reduce(Collection(number: fold.pointee.collection), try Fold(fold))
      }
    }
}
