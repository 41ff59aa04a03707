import Foundation
import Testing

@testable import Engine

@Suite("Reading safetensors")
struct SafetensorsFileTests {
    @Test("tensors and metadata of a well-formed file")
    func wellFormed() throws {
        let data: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0x40, 0x40, 1, 0, 0xFE, 0xFF]
        let file = try ScratchFile(
            header: """
                { "__metadata__" : {"k":"v\\u00e9\\n\\"\\ud83d\\ude00"},
                  "b":{"data_offsets":[12,16],"shape":[2],"dtype":"I16"},
                  "a\\/":{"dtype":"F32","shape":[3,1],"data_offsets":[0,12]},
                  "empty":{"dtype":"F32","shape":[0,7],"data_offsets":[12,12]}}  \n
                """,
            data: data
        )
        let tensors = try SafetensorsFile(path: file.path)
        #expect(tensors.metadata == ["k": "vé\n\"😀"])
        #expect(Set(tensors.tensors.keys) == ["a/", "b", "empty"])
        let entry = try #require(tensors.tensors["a/"])
        #expect(entry.dtype == .float32)
        #expect(entry.shape == [3, 1])
        #expect(entry.count == 3)
        #expect(entry.range.count == 12)
        #expect(try tensors.floats("a/") == [1, -2, 3])
        #expect(try tensors.floats("b") == [1, -2])
        #expect(try tensors.int32s("b") == [1, -2])
        #expect(try tensors.floats("empty") == [])
    }

    @Test(
        "elements of every type",
        arguments: [
            ("BOOL", [0, 1, 1], [0, 1, 1]),
            ("U8", [0, 200], [0, 200]),
            ("I8", [0x80, 5], [-128, 5]),
            ("U16", [0x34, 0x12, 0xFF, 0xFF], [0x1234, 65_535]),
            ("I16", [0x00, 0x80], [-32_768]),
            ("F16", [0x00, 0x3C, 0x00, 0xC4, 0x01, 0x00], [1, -4, 0x1p-24]),
            ("BF16", [0x80, 0x3F, 0x49, 0xC0], [1, -3.140625]),
            ("U32", [0xFF, 0xFF, 0xFF, 0xFF], [4_294_967_296]),
            ("I32", [0xFE, 0xFF, 0xFF, 0xFF], [-2]),
            ("F32", [0x00, 0x00, 0xC0, 0x7F - 0x40], [1.5]),
            ("U64", [0, 0, 0, 0, 0, 0, 0, 0x80], [0x1p63]),
            ("I64", [0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [-3]),
            ("F64", [0, 0, 0, 0, 0, 0, 0xF8, 0xBF], [-1.5]),
        ] as [(String, [UInt8], [Float])]
    )
    func types(dtype: String, data: [UInt8], expected: [Float]) throws {
        // One space or none before the data, so that it lies on odd addresses too.
        for padding in ["", " ", "   "] {
            let header = #"{"x":{"dtype":"\#(dtype)","shape":[\#(expected.count)],"data_offsets":[0,\#(data.count)]}}"#
            let file = try ScratchFile(header: header + padding, data: data)
            let tensors = try SafetensorsFile(path: file.path)
            #expect(try tensors.floats("x") == expected)
        }
    }

    @Test("integers are exact or refused")
    func integers() throws {
        func open(_ dtype: String, _ data: [UInt8]) throws -> SafetensorsFile {
            let header = #"{"x":{"dtype":"\#(dtype)","shape":[1],"data_offsets":[0,\#(data.count)]}}"#
            let file = try ScratchFile(header: header, data: data)
            return try withExtendedLifetime(file) { try SafetensorsFile(path: file.path) }
        }
        #expect(try open("I64", [0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0]).int32s("x") == [.max])
        #expect(try open("BOOL", [1]).int32s("x") == [1])
        #expect(throws: SafetensorsError.self) { try open("U32", [0, 0, 0, 0x80]).int32s("x") }
        #expect(throws: SafetensorsError.self) { try open("F32", [0, 0, 0, 0]).int32s("x") }
    }

    @Test("a tensor that is not there is named")
    func wrongRequest() throws {
        let header = #"{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#
        let file = try ScratchFile(header: header, data: [1, 2])
        let tensors = try SafetensorsFile(path: file.path)
        let missing = SafetensorsError(file: file.path, tensor: "y", reason: "is not in the file")
        #expect(throws: missing) { try tensors.floats("y") }
        #expect(missing.description == "\(file.path): tensor \"y\" is not in the file")
    }

    private static let x = #""dtype":"U8","shape":[2]"#

    /// Headers of files with two bytes of data, the tensor to be named, and a part of the reason.
    private static let hostileHeaders: [(String, String?, String)] = [
        ("", nil, "the text ends where a value is due"),
        ("{", nil, "malformed JSON at column 2"),
        ("[]", nil, "not a JSON object"),
        ("{}", nil, "2 bytes after its last tensor"),
        ("{} x", nil, "malformed JSON at column 4"),
        (#"{"x":{\#(x),"data_offsets":[0,2]},}"#, nil, "malformed"),
        (#"{"x":{\#(x),"data_offsets":[0,2]}"#, nil, "the text ends before '}'"),
        (#"{"x":{\#(x),"data_offsets":[0,2]},"x":{\#(x),"data_offsets":[0,2]}}"#, "x", "declared twice"),
        (#"{"__metadata__":{},"__metadata__":{}}"#, nil, "two keys"),
        (#"{"__metadata__":{"a":"1","a":"2"}}"#, nil, "metadata \"a\" twice"),
        (#"{"__metadata__":{"a":1}}"#, nil, "metadata \"a\" that is not text"),
        (#"{"__metadata__":[]}"#, nil, "metadata that is not an object"),
        (#"{"x":[]}"#, "x", "not declared by an object"),
        (#"{"x":{"dtype":7}}"#, "x", "dtype that is not text"),
        (#"{"x":{"dtype":"U8","shape":[[[2]]],"data_offsets":[0,2]}}"#, nil, "nested deeper than 3 levels"),
        (#"{"x":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, "x", "two keys \"dtype\""),
        (#"{"x":{\#(x),"data_offsets":[0,2],"more":1}}"#, "x", "unknown key \"more\""),
        (#"{"x":{\#(x)}}"#, "x", "no data_offsets"),
        (#"{"x":{"dtype":"U8","data_offsets":[0,2]}}"#, "x", "no shape"),
        (#"{"x":{"shape":[2],"data_offsets":[0,2]}}"#, "x", "no dtype"),
        (#"{"x":{"dtype":"F4","shape":[2],"data_offsets":[0,2]}}"#, "x", "unknown dtype \"F4\""),
        (#"{"x":{\#(x),"data_offsets":[0,3]}}"#, "x", "not a range"),
        (#"{"x":{\#(x),"data_offsets":[2,0]}}"#, "x", "not a range"),
        (#"{"x":{\#(x),"data_offsets":[0]}}"#, "x", "not a range"),
        (#"{"x":{\#(x),"data_offsets":[0,1,2]}}"#, "x", "not a range"),
        (#"{"x":{\#(x),"data_offsets":[0,1]}}"#, "x", "takes 2 bytes, but has 1"),
        (#"{"x":{\#(x),"data_offsets":[-1,1]}}"#, "x", "integers of at least 0"),
        (#"{"x":{\#(x),"data_offsets":[0,2.0]}}"#, "x", "integers of at least 0"),
        (#"{"x":{\#(x),"data_offsets":[0,"2"]}}"#, "x", "integers of at least 0"),
        (#"{"x":{\#(x),"data_offsets":[0,1e400]}}"#, "x", "integers of at least 0"),
        (#"{"x":{\#(x),"data_offsets":[0,02]}}"#, nil, "malformed"),
        (#"{"x":{\#(x),"data_offsets":[0,9223372036854775808]}}"#, "x", "63 bits"),
        (#"{"x":{"dtype":"U8","shape":[2,9223372036854775807],"data_offsets":[0,2]}}"#, "x", "too large"),
        (#"{"x":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,2]}}"#, "x", "too large"),
        (#"{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, nil, "1 bytes after its last tensor"),
        (#"{"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, "x", "1 bytes unused"),
        (
            #"{"x":{\#(x),"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, "y",
            "overlaps"
        ),
        (#"{"\ud83d":{\#(x),"data_offsets":[0,2]}}"#, nil, "malformed"),
        (#"{"\udc00":{\#(x),"data_offsets":[0,2]}}"#, nil, "malformed"),
        (#"{"\ud83d\u0041":{\#(x),"data_offsets":[0,2]}}"#, nil, "malformed"),
        (#"{"\u12g4":{\#(x),"data_offsets":[0,2]}}"#, nil, "malformed"),
        (#"{"\q":{\#(x),"data_offsets":[0,2]}}"#, nil, "malformed"),
        ("{\"a\nb\":{\(x),\"data_offsets\":[0,2]}}", nil, "malformed"),
    ]

    @Test("hostile headers", arguments: hostileHeaders)
    func hostile(header: String, tensor: String?, reason: String) throws {
        let file = try ScratchFile(header: header, data: [1, 2])
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: file.path) }
        #expect(error?.file == file.path)
        #expect(error?.tensor == tensor)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test(
        "hostile lengths",
        arguments: [
            ([], "shorter than the 8 bytes"),
            ([2, 0, 0, 0, 0, 0, 0], "shorter than the 8 bytes"),
            ([3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D], "header of 3 bytes and has 2"),
            ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7B, 0x7D], "more than 100000000"),
            ([1, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, 0x7B, 0x7D], "header of 100000001 bytes, more than"),
            ([3, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xFF, 0x22], "malformed"),
            ([5, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0xFF, 0x22, 0x7D], "not valid UTF-8"),
        ] as [([UInt8], String)]
    )
    func lengths(bytes: [UInt8], reason: String) throws {
        let file = try ScratchFile(bytes: bytes)
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: file.path) }
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test("no damage to a file does more than make it unreadable")
    func damaged() throws {
        let header = """
            {"__metadata__":{"a":"\\u00e9"},"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},\
            "y":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}
            """
        let whole = ScratchFile.bytes(header: header, data: Array(0..<16))
        var generator = PhiloxGenerator(seed: 9, step: 0, operation: 0)
        var readable = 0
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0...generator.integer(below: 3) {
                bytes[generator.integer(below: bytes.count)] = UInt8(generator.integer(below: 256))
            }
            if generator.integer(below: 4) == 0 { bytes.removeLast(generator.integer(below: bytes.count)) }
            bytes.withUnsafeBytes { bytes in
                guard let header = try? SafetensorsHeader(file: "", bytes: bytes) else { return }
                readable += 1
                for entry in header.tensors.values {
                    #expect(entry.shape.reduce(entry.dtype.size, *) == entry.range.count)
                    #expect(entry.range.upperBound <= bytes.count)
                }
            }
        }
        #expect(readable > 0)
    }

    @Test("what is not a file is refused")
    func notAFile() throws {
        let folder = NSTemporaryDirectory()
        #expect(throws: SafetensorsError(file: folder, tensor: nil, reason: "is not a regular file")) {
            try SafetensorsFile(path: folder)
        }
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: folder + "/\(UUID())") }
        #expect(error?.reason.hasPrefix("open failed: No such file") == true)
        let pipe = folder + "/\(UUID())"
        #expect(mkfifo(pipe, 0o600) == 0)
        defer { unlink(pipe) }
        #expect(throws: SafetensorsError(file: pipe, tensor: nil, reason: "is not a regular file")) {
            try SafetensorsFile(path: pipe)
        }
    }
}
