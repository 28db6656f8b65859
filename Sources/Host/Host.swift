/// The program `tally`.
@main struct Host {
  static func main() async {
    await TallyCommand.main()
  }
}
