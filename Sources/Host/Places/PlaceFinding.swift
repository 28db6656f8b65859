import Foundation

/// What `tally check` found out about the file of places.
struct PlaceFinding: Codable, Equatable {
  let file: String
  /// What the file says about itself.
  private(set) var database: String?
  private(set) var refusal: String?

  init(file: String) {
    self.file = file
    do throws(PlaceError) {
      let folder = FileManager.default.temporaryDirectory.path
      database = try PlaceDatabase(copying: file, in: folder).description
    } catch {
      refusal = error.description
    }
  }

  var line: String { "places: " + (refusal ?? "\(file), \(database ?? "")") }
}
