import Testing

@testable import Host

struct UserNumberTests {
  @Test("A user's id is the hash of the app's key and the device id, with nothing between them")
  func hash() {
    func hash(_ device: String) -> String {
      UserNumber.hash(appKey: "0f1e2d3c4b5a", device: Array(device.utf8))
    }
    #expect(hash("device-42") == "576d3026c1a472401151520fa86f78d1b066c618")
    #expect(hash("device-41") == "803641d4f03373fd9526e93f10d23ee2e87f20be")
  }

  @Test("Numbers are short texts and lead back, and other texts are none")
  func numbers() {
    for number: UInt64 in [0, 9, 10, 35, 36, 61, 62, 3_843, 3_844, .max] {
      #expect(UserNumber.number(UserNumber.text(number)) == number)
    }
    #expect(["1", "A", "a", "z", "10"].map(UserNumber.number) == [1, 10, 36, 61, 62])
    for text in ["", "-1", "é", "1 ", "zzzzzzzzzzzz"] { #expect(UserNumber.number(text) == nil) }
  }
}
