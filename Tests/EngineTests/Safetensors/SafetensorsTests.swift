import Foundation
import Testing

@testable import Engine

@Suite("Writing safetensors")
struct SafetensorsTests {
    /// A new empty folder, removed after `body`.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = (NSTemporaryDirectory() as NSString).appendingPathComponent("safetensors-\(UUID())")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test("what was written is read")
    func roundTrip() throws {
        try withFolder { folder in
            let path = folder + "/model.safetensors"
            let values: [Float] = [1, -0.0, .infinity, .leastNonzeroMagnitude, 5, 6]
            let metadata = ["format": "limbic", "a \"quoted\"\\\n\u{1}": "é😀/"]
            var pieces: [[UInt8]] = []
            try values.withUnsafeBufferPointer { buffer in
                try Safetensors.write(
                    to: path,
                    tensors: [
                        .init(name: "z.weight", shape: [2, 3], buffer),
                        .init(name: "empty", shape: [0, 4], []),
                        .init(name: "a \"b\"", shape: [], [7]),
                    ],
                    metadata: metadata
                ) { pieces.append(Array($0)) }
            }
            #expect(pieces.count == 4)
            #expect(try Data(contentsOf: URL(filePath: path)) == Data(pieces.joined()))
            let file = try SafetensorsFile(path: path)
            #expect(file.metadata == metadata)
            #expect(Set(file.tensors.keys) == ["z.weight", "empty", "a \"b\""])
            #expect(file.tensors["z.weight"]?.shape == [2, 3])
            #expect(file.tensors["a \"b\""]?.shape == [])
            #expect(try file.floats("z.weight").map(\.bitPattern) == values.map(\.bitPattern))
            #expect(try file.floats("a \"b\"") == [7])
            #expect(try file.floats("empty") == [])
        }
    }

    @Test("the bytes are those of the format, in the order of the names")
    func bytes() throws {
        try withFolder { folder in
            let path = folder + "/x"
            try Safetensors.write(
                to: path,
                tensors: [.init(name: "b", shape: [1], [2]), .init(name: "a", shape: [1], [1])],
                metadata: ["n": "1", "m": "2"]
            )
            let header =
                #"{"__metadata__":{"m":"2","n":"1"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
                + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#
            let padded = header + String(repeating: " ", count: -header.utf8.count & 7)
            let expected = ScratchFile.bytes(header: padded, data: [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
            #expect(FileManager.default.contents(atPath: path).map(Array.init) == expected)
        }
    }

    @Test("a file of nothing")
    func empty() throws {
        try withFolder { folder in
            try Safetensors.write(to: folder + "/x", tensors: [])
            let file = try SafetensorsFile(path: folder + "/x")
            #expect(file.tensors.isEmpty)
            #expect(file.metadata.isEmpty)
        }
    }

    @Test("a file is replaced whole and a mapped one lives on")
    func replaces() throws {
        try withFolder { folder in
            let path = folder + "/x"
            try Safetensors.write(to: path, tensors: [.init(name: "a", shape: [3], [1, 2, 3])])
            let old = try SafetensorsFile(path: path)
            try Safetensors.write(to: path, tensors: [.init(name: "a", shape: [1], [9])])
            #expect(try old.floats("a") == [1, 2, 3])
            #expect(try SafetensorsFile(path: path).floats("a") == [9])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["x"])
        }
    }

    @Test("a failed write says why and leaves nothing behind")
    func failure() throws {
        try withFolder { folder in
            let missing = folder + "/missing/x"
            let error = #expect(throws: SafetensorsError.self) { try Safetensors.write(to: missing, tensors: []) }
            #expect(error?.file == missing)
            #expect(error?.reason.hasPrefix("open failed: No such file") == true)
            // A folder cannot be replaced by a file.
            let occupied = folder + "/occupied"
            try FileManager.default.createDirectory(atPath: occupied, withIntermediateDirectories: true)
            let second = #expect(throws: SafetensorsError.self) { try Safetensors.write(to: occupied, tensors: []) }
            #expect(second?.reason.hasPrefix("rename failed") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["occupied"])
        }
    }
}
