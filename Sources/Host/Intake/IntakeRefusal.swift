/// Intake's one error: why a request is not accepted. `ErrorReply` says what is answered.
struct IntakeRefusal: Error, Equatable {
  let refusal: Refusal

  init(_ refusal: Refusal) {
    self.refusal = refusal
  }
}
