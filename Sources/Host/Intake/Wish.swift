/// What a request asks for beyond being kept and told so; nearly none asks anything.
struct Wish: Sendable {
  /// Answered behind the commit of what was sent.
  var isSafe = false
  /// The function that a script is to hand the answer to.
  var callback: CallbackName?
  /// What has to be on the disk before the request is accepted.
  var picture: Picture?
}
