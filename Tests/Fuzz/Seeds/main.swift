import Foundation

// Writes a file for each request of the conformance table, and a few of values, below the directory given: what the fuzzer
// starts from. Compiled together with the table.

/// The part of what the table asks for that its requests name.
enum ConformanceResources {
    static let tag = "\"a\""
}

let directory = URL(fileURLWithPath: CommandLine.arguments[1])
/// Limits, cuts and steps (``Plan``): a body in one piece and in many, gathered, streamed and dropped.
let plans: [[UInt8]] = [
    [0, 0, 255, 63, 63, 63] + [0, 0, 0, 1, 0, 3, 0, 4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0],
    [0, 0, 255, 0, 6, 2] + [64, 64, 66, 100, 64, 99, 65, 64, 101, 100, 64, 64, 64, 75, 64, 66, 64, 64],
    [0, 0, 40, 12, 6, 30] + [128, 160, 192, 224, 2, 3, 4, 0, 0, 21, 0, 0, 0, 2, 3, 4, 0, 9],
    [255, 255, 8, 9, 63, 1] + [0, 96, 128, 0, 4, 0, 0, 8, 0, 0, 2, 3, 4, 0, 0, 0, 0, 10],
]
let values: [(choice: UInt8, texts: [String])] = [
    (0, ["5", "1a;x", "0 ; a = \"b\\\"c\";d=e", "7fffffffffffffff"]),
    (1, ["\"a\", W/\"b\",, \"\"", "*", "W/\"\u{E9}\""]),
    (2, ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]),
    (3, ["bytes=0-4", "bytes=-5", "bytes=5-", "Bytes= , 1-2 ,", "bytes=0-0,2-3"]),
    (4, ["a=1&b=%C3%A9+x&a=2&flag&=v", "%00%2f%2F", "100%"]),
    (
        5,
        ["for=192.0.2.1;proto=https, for=\"[2001:db8::1]:80\"", "192.0.2.1, 127.0.0.1:80, [::1]", "for=unknown;by=_a"]
    ),
    (6, ["10.0.0.0/8", "fd00::/8", "::ffff:127.0.0.1", "0.0.0.0/0", "127.0.0.1"]),
    (7, ["a.b:80", "[::1]:65535", "[v1.a:b]", "%41"]),
    (8, ["Name: value ", "a:", "A:\tb c\t"]),
    (9, ["a/c/b", "a/%63/b?x=[]", "a//b", "x/b"]),
]

func write(_ bytes: [UInt8], _ target: String, _ name: String) throws {
    let folder = directory.appendingPathComponent(target)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: folder.appendingPathComponent(name))
}

let rows = ConformanceRow.table.sorted { $0.key < $1.key }.flatMap(\.value).filter { $0.bytes.count < 2000 }
for (index, row) in rows.enumerated() {
    // Every other one with the next behind it on the same connection.
    let next = index % 2 == 0 ? [] : rows[(index + 1) % rows.count].bytes
    try write(plans[index % plans.count] + row.bytes + next, "requests", "\(index)")
}
for (choice, texts) in values {
    for (index, text) in texts.enumerated() { try write([choice] + text.utf8, "values", "\(choice)-\(index)") }
}
