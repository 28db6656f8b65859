/// What a request asks of its answer; nearly none asks anything.
struct ReplyWish: Sendable {
  /// Answered behind the commit of what was sent.
  var isSafe = false
  /// The function that a script is to hand the answer to.
  var callback: CallbackName?
}
