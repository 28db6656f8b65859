import Hummingbird

import ArgumentParser
@main struct Host { static func main() {} }
