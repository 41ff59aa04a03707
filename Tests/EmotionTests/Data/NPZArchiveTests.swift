import Foundation
import TestSupport
import Testing

@testable import Emotion

@Suite struct NPZArchiveTests {
    /// The numbers of the only array of an archive, in the order of the file.
    static func values(_ scratch: ScratchDirectory, _ array: [UInt8]) throws -> [Float] {
        try values(NPZArchive(path: scratch.write("x.npz", ZipBytes.make([.init("x.npy", array)]))))
    }

    static func values(_ archive: NPZArchive, _ name: String = "x") throws -> [Float] {
        var values: [Float] = []
        try archive.forEachChunk(of: #require(archive.array(name))) { chunk throws(NPZError) in
            #expect(chunk.position == values.count)
            values += chunk.values
        }
        return values
    }

    @Test(
        arguments: [
            ("|b1", [0, 1, 1], [0, 1, 1]), ("|i1", [0, 1, 0xFF], [0, 1, -1]), ("|u1", [0, 1, 0xFF], [0, 1, 255]),
            ("<i2", [1, 0, 0xFE, 0xFF], [1, -2]), (">i2", [0, 1, 0xFF, 0xFE], [1, -2]),
            ("<u2", [1, 0, 0xFE, 0xFF], [1, 65534]), (">u2", [0, 1, 0xFF, 0xFE], [1, 65534]),
            ("<i4", [0xFD, 0xFF, 0xFF, 0xFF], [-3]), (">i4", [0xFF, 0xFF, 0xFF, 0xFD], [-3]),
            ("<u4", [0, 0, 0, 0x80], [0x1p31]), (">u4", [0x80, 0, 0, 0], [0x1p31]),
            ("<i8", [0, 0, 0, 0, 0, 0, 0, 0x80], [-0x1p63]),
            (">i8", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFC], [-4]),
            ("<u8", [0, 0, 0, 0, 0, 0, 0, 0x80], [0x1p63]), (">u8", [0, 0, 0, 0, 0, 0, 1, 0], [256]),
            ("<f2", [0x00, 0x3C, 0x00, 0xC1, 0x01, 0x00], [1, -2.5, 0x1p-24]), (">f2", [0x3C, 0x00], [1]),
            ("<f4", [0, 0, 0xC0, 0x3F], [1.5]), (">f4", [0x3F, 0xC0, 0, 0], [1.5]), ("=f4", [0, 0, 0xC0, 0x3F], [1.5]),
            ("<f8", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], [1.5]), (">f8", [0x3F, 0xF8, 0, 0, 0, 0, 0, 0], [1.5]),
        ] as [(String, [UInt8], [Float])]
    )
    func elementsOfEveryType(descriptor: String, data: [UInt8], expected: [Float]) throws {
        let array = NPYBytes.make(descriptor, "(\(expected.count),)", data)
        #expect(try Self.values(ScratchDirectory(), array) == expected)
    }

    @Test func aLinkIsAsGoodAsTheFile() throws {
        let scratch = try ScratchDirectory()
        let numbers = [UInt8](repeating: 3, count: 5000)
        _ = try scratch.write("x.npz", ZipBytes.make([.init("x.npy", NPYBytes.make("|u1", "(5000,)", numbers))]))
        let link = scratch.file("link.npz")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "x.npz")
        #expect(try Self.values(NPZArchive(path: link)) == numbers.map { Float($0) })
    }

    @Test func doublesBeyondFloatsBecomeInfinite() throws {
        let array = NPYBytes.make("<f8", "(1,)", ZipBytes.little(1e300.bitPattern))
        #expect(try Self.values(ScratchDirectory(), array) == [.infinity])
    }

    @Test(arguments: [1, 2, 3] as [UInt8])
    func headersOfEveryVersion(version: UInt8) throws {
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }     "
        let array = NPYBytes.make(header, version: version, [7, 9])
        #expect(try Self.values(ScratchDirectory(), array) == [7, 9])
    }

    @Test(arguments: [
        "{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (2L,)}",
        "{'shape':(2,),'fortran_order':False,'descr':'|u1'}",
    ])
    func headersInOtherSpelling(header: String) throws {
        #expect(try Self.values(ScratchDirectory(), NPYBytes.make(header, [7, 9])) == [7, 9])
    }

    @Test func zip64Sizes() throws {
        let scratch = try ScratchDirectory()
        var entry = ZipBytes.Entry("x.npy", NPYBytes.floats([2], [1, 2]))
        entry.isZip64 = true
        #expect(try Self.values(NPZArchive(path: scratch.write("x.npz", ZipBytes.make([entry])))) == [1, 2])
    }

    @Test(arguments: [true, false])
    func whatIsWrittenIsRead(deflated: Bool) throws {
        let scratch = try ScratchDirectory()
        let path = scratch.file("a.npz")
        let writer = try NPZWriter(path: path, deflated: deflated)
        // More than a chunk, so that chunks are put together.
        let numbers = (0..<200_000).map { Float($0) * 0.5 }
        try writer.add("x", shape: [100, 2000], numbers)
        try writer.add("labels", shape: [2, 2], [0, 1, 1, 0] as [UInt8])
        try writer.add("lengths", shape: [2], [-1, 70_000] as [Int32])
        try writer.add("rows", shape: [3, 2, 2]) { row in (0..<4).map { Float(10 * row + $0) } }
        try writer.close()
        let archive = try NPZArchive(path: path)
        #expect(archive.arrays.map(\.name) == ["x", "labels", "lengths", "rows"])
        #expect(archive.array("x")?.shape == [100, 2000])
        #expect(try Self.values(archive, "x") == numbers)
        #expect(try Self.values(archive, "labels") == [0, 1, 1, 0])
        #expect(try Self.values(archive, "lengths") == [-1, 70_000])
        #expect(try Self.values(archive, "rows") == [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23])
    }

    @Test func writingTwiceMakesTheSameBytes() throws {
        let scratch = try ScratchDirectory()
        for name in ["a.npz", "b.npz"] {
            let writer = try NPZWriter(path: scratch.file(name))
            try writer.add("x", shape: [2], [1, 2] as [Float])
            try writer.close()
        }
        #expect(
            FileManager.default.contents(atPath: scratch.file("a.npz"))
                == FileManager.default.contents(atPath: scratch.file("b.npz"))
        )
    }

    @Test func whatCannotTakeItsNameLeavesNothing() throws {
        let scratch = try ScratchDirectory()
        // A folder that is not empty cannot be replaced by a file.
        try FileManager.default.createDirectory(atPath: scratch.file("a.npz/b"), withIntermediateDirectories: true)
        let writer = try NPZWriter(path: scratch.file("a.npz"))
        try writer.add("x", shape: [1], [1] as [Float])
        #expect(throws: NPZError.self) { try writer.close() }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["a.npz"])
    }

    @Test func writingWhereNothingCanBeWrittenIsAnError() throws {
        let scratch = try ScratchDirectory()
        #expect(throws: NPZError.self) {
            let writer = try NPZWriter(path: scratch.file("none/a.npz"))
            try writer.add("x", shape: [1], [1] as [Float])
            try writer.close()
        }
    }

    @Test func emptyArraysHaveNoChunks() throws {
        #expect(try Self.values(ScratchDirectory(), NPYBytes.floats([0, 3], [])).isEmpty)
    }

    @Test func textOfEveryKind() throws {
        let scratch = try ScratchDirectory()
        let wide = "aé".unicodeScalars.flatMap { ZipBytes.little($0.value) } + [UInt8](repeating: 0, count: 4)
        let archive = try NPZArchive(
            path: scratch.write(
                "x.npz",
                ZipBytes.make([
                    .init("wide.npy", NPYBytes.make("<U3", "(1,)", wide)),
                    .init("bytes.npy", NPYBytes.make("|S3", "(2,)", [97, 98, 0, 0xFF, 0, 0])),
                    .init("number.npy", NPYBytes.make(">i2", "(1,)", [0xFF, 0xFE])),
                ])
            )
        )
        #expect(try archive.strings(of: #require(archive.array("wide")), limit: 9) == ["aé"])
        #expect(try archive.strings(of: #require(archive.array("bytes")), limit: 9) == ["ab", nil])
        #expect(try archive.strings(of: #require(archive.array("number")), limit: 9) == ["-2"])
        #expect(try archive.strings(of: #require(archive.array("wide")), limit: 1) == ["aé"])
    }

    @Test func aNulInATextIsNotItsEnd() throws {
        let scratch = try ScratchDirectory()
        let wide = ([97, 0, 98] as [UInt32]).flatMap(ZipBytes.little)
        let archive = try NPZArchive(
            path: scratch.write(
                "x.npz",
                ZipBytes.make([
                    .init("wide.npy", NPYBytes.make("<U3", "(1,)", wide)),
                    .init("bytes.npy", NPYBytes.make("|S3", "(1,)", [97, 0, 98])),
                ])
            )
        )
        #expect(try archive.strings(of: #require(archive.array("wide")), limit: 9) == [nil])
        #expect(try archive.strings(of: #require(archive.array("bytes")), limit: 9) == [nil])
    }
}

/// Files that are broken or mean harm: each is an error that says where and why.
@Suite struct HostileNPZTests {
    /// The error of opening an archive and reading all of its arrays.
    static func failure(
        _ bytes: [UInt8],
        limits: NPZArchive.Limits = NPZArchive.Limits()
    ) throws -> NPZError {
        let scratch = try ScratchDirectory()
        let path = try scratch.write("bad.npz", bytes)
        let error = #expect(throws: NPZError.self) {
            let archive = try NPZArchive(path: path, limits: limits)
            for array in archive.arrays where array.isNumeric {
                try archive.forEachChunk(of: array) { _ throws(NPZError) in }
            }
            for array in archive.arrays where !array.isNumeric { _ = try archive.strings(of: array, limit: 99) }
        }
        let found = try #require(error)
        #expect(found.file == "bad.npz")
        #expect(!found.reason.isEmpty)
        return found
    }

    static let good = NPYBytes.floats([4], [1, 2, 3, 4])

    @Test(
        arguments: [
            [], Array("PK".utf8), Array("this is not an archive at all, only text".utf8),
            [UInt8](repeating: 0, count: 4096),
        ] as [[UInt8]]
    )
    func noArchive(bytes: [UInt8]) throws {
        #expect(try Self.failure(bytes).kind == .notAnArchive)
    }

    @Test func missingFile() {
        #expect(throws: NPZError.self) { try NPZArchive(path: "/nowhere/x.npz") }
    }

    @Test(arguments: [
        "../x.npy", "/x.npy", "a/x.npy", "..npy/../x.npy", "a\\x.npy", "C:x.npy", ".npy", "...npy", "x.npy\0",
        "x\u{1}.npy",
        "x.txt", "x.npy/",
    ])
    func pathsInNames(name: String) throws {
        let error = try Self.failure(ZipBytes.make([.init(name, Self.good)]))
        #expect(error.kind == .badName)
        #expect(error.entry != nil)
    }

    @Test func aNulInANameIsNotTheNameBeforeIt() throws {
        let error = try Self.failure(ZipBytes.make([.init("labels.npy\0.npy", Self.good)]))
        #expect(error.kind == .badName)
    }

    @Test func twoArraysOfAName() throws {
        let error = try Self.failure(ZipBytes.make([.init("x.npy", Self.good), .init("x.npy", Self.good)]))
        #expect(error.kind == .duplicateName)
        #expect(error.entry == "x")
    }

    @Test func encryptedEntry() throws {
        var entry = ZipBytes.Entry("x.npy", Self.good)
        entry.flags = 1
        #expect(try Self.failure(ZipBytes.make([entry])).kind == .encrypted)
    }

    @Test(arguments: [12, 14, 93] as [UInt16])
    func otherCompression(method: UInt16) throws {
        var entry = ZipBytes.Entry("x.npy", Self.good)
        entry.method = method
        #expect(try Self.failure(ZipBytes.make([entry])).kind == .unsupported)
    }

    @Test func wrongChecksum() throws {
        var entry = ZipBytes.Entry("x.npy", Self.good)
        entry.crc = 1
        let error = try Self.failure(ZipBytes.make([entry]))
        #expect(error.kind == .damaged || error.kind == .badHeader)
        #expect(error.entry == "x")
    }

    @Test func everyTruncationIsAnError() throws {
        let bytes = ZipBytes.make([.init("x.npy", Self.good), .init("y.npy", Self.good)])
        for count in stride(from: 0, to: bytes.count, by: 7) {
            _ = try Self.failure(Array(bytes[..<count]))
        }
    }

    /// Any byte may be anything: reading either works or is an error, and never more than that.
    @Test func changedBytesNeverTrap() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.file("a.npz")
        let writer = try NPZWriter(path: path)
        try writer.add("x", shape: [2, 3, 4], (0..<24).map(Float.init))
        try writer.add("labels", shape: [2, 2], [0, 1, 1, 0] as [UInt8])
        try writer.close()
        let original = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        var generator = CounterGenerator(11)
        for _ in 0..<1500 {
            var bytes = original
            for _ in 0...generator.index(below: 3) {
                bytes[generator.index(below: bytes.count)] = UInt8(truncatingIfNeeded: generator.next())
            }
            let report = SplitReader.inspect(path: try scratch.write("b.npz", bytes))
            #expect(report.problemCount > 0 || report.clips == 2)
        }
    }

    @Test(arguments: [
        "(9223372036854775807, 9223372036854775807)", "(4294967296, 4294967296, 4294967296)",
        "(0, 9223372036854775807, 9223372036854775807)", "(-1,)", "(99999999999999999999,)",
    ])
    func impossibleShapes(shape: String) throws {
        let error = try Self.failure(ZipBytes.make([.init("x.npy", NPYBytes.make("<f4", shape, [0, 0, 0, 0]))]))
        #expect(error.kind == .badHeader)
        #expect(error.entry == "x")
    }

    @Test(arguments: ["(5,)", "(3,)", "(1000000000, 60, 300)"])
    func shapesThatTheDataDoesNotFill(shape: String) throws {
        let data = [UInt8](repeating: 0, count: 16)
        let error = try Self.failure(ZipBytes.make([.init("x.npy", NPYBytes.make("<f4", shape, data))]))
        #expect(error.kind == .damaged)
    }

    @Test func sizesThatDeflateCannotReach() throws {
        var entry = ZipBytes.Entry("x.npy", [UInt8](repeating: 0, count: 100))
        entry.method = 8
        entry.size = 1 << 40
        entry.isZip64 = true
        #expect(try Self.failure(ZipBytes.make([entry])).kind == .tooLarge)
    }

    @Test func moreThanTheCallerAllows() throws {
        var limits = NPZArchive.Limits()
        limits.bytes = 100
        let one = ZipBytes.Entry("x.npy", Self.good)
        let two = ZipBytes.Entry("y.npy", Self.good)
        #expect(one.data.count < 100)
        let error = try Self.failure(ZipBytes.make([one, two]), limits: limits)
        #expect(error.kind == .tooLarge)
        #expect(error.entry == "y")
        limits = NPZArchive.Limits()
        limits.arrays = 1
        #expect(try Self.failure(ZipBytes.make([one, two]), limits: limits).kind == .tooLarge)
    }

    /// A deflated entry that says it is small and goes on and on: no more is inflated than the shape takes.
    @Test func bombThatHidesItsSize() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.file("bomb.npz")
        let writer = try NPZWriter(path: path)
        try writer.add("x", shape: [1 << 20]) { _ in [0] }
        try writer.close()
        var bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        let declared = ZipBytes.little(UInt32(4 * (1 << 20) + 128))
        var changed = 0
        for index in 0..<bytes.count - 4 where Array(bytes[index..<index + 4]) == declared {
            bytes.replaceSubrange(index..<index + 4, with: ZipBytes.little(UInt32(128 + 4 * 8)))
            changed += 1
        }
        #expect(changed == 2)
        let error = try Self.failure(bytes)
        #expect(error.kind == .damaged)
    }

    @Test(arguments: [
        ("|O", "pickle"), ("<c8", "<c8"), ("<M8[ns]", "<M8"), ("<f16", "<f16"), ("<i3", "<i3"), ("", "''"),
        ("|V2", "bfloat16"), ("|V2", "x.astype('float32')"), ("|V1", "float32"), ("<c8", "numpy.abs(x)"),
        ("|O", "x.astype(str)"), ("<M8[ns]", "x.astype('int64')"),
    ])
    func elementsThatAreNotRead(descriptor: String, mentioned: String) throws {
        let error = try Self.failure(ZipBytes.make([.init("x.npy", NPYBytes.make(descriptor, "(1,)", [0]))]))
        #expect(error.kind == .badHeader)
        #expect(error.reason.contains(mentioned))
    }

    @Test(arguments: [
        ("{'descr': [('a', '<f4'), ('b', '<i4', (3,))], 'fortran_order': False, 'shape': (1,)}", "arrays with fields"),
        (#"{'descr': [('it\'s', '<f4')], 'fortran_order': False, 'shape': (1,)}"#, "arrays with fields"),
        ("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (1,)}", "arrays with fields"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "the shape is impossible"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "the shape is impossible"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': ('a',)}", "not made of integers"),
        ("{'descr': None, 'fortran_order': False, 'shape': (1,)}", "no element type"),
        ("hello", "not a dictionary"),
    ])
    func headersSayWhatIsWrong(header: String, reason: String) throws {
        let error = try Self.failure(ZipBytes.make([.init("x.npy", NPYBytes.make(header, [0, 0, 0, 0]))]))
        #expect(error.kind == .badHeader)
        #expect(error.reason.contains(reason), "\(error.reason)")
    }

    @Test(arguments: [
        ("data.pkl", "pickle"), ("model/data.pkl", "pickle"), ("arrays/x.npy", "without folders"),
        ("x\0.npy", "NUL"), ("sheet.xml", "not an array"),
    ])
    func entriesThatAreNoArrays(name: String, reason: String) throws {
        let error = try Self.failure(ZipBytes.make([.init(name, Self.good)]))
        #expect(error.kind == .badName)
        #expect(error.reason.contains(reason), "\(error.reason)")
    }

    @Test func theBoundOnUnpackingIsTold() throws {
        var limits = NPZArchive.Limits()
        limits.freeBytes = 4096
        let scratch = try ScratchDirectory()
        let path = scratch.file("zeros.npz")
        let writer = try NPZWriter(path: path)
        try writer.add("x", shape: [1 << 20]) { _ in [0] }
        try writer.close()
        _ = try NPZArchive(path: path)
        let error = #expect(throws: NPZError.self) { try NPZArchive(path: path, limits: limits) }
        #expect(error?.kind == .tooLarge)
        for word in ["200 times", "4096", "--max-upload-size", "numpy.savez"] {
            #expect(error?.reason.contains(word) == true, "\(error?.reason ?? "")")
        }
    }

    @Test(arguments: [
        "", "{}", "[1]", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 'x'}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + x",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}",
    ])
    func badHeaders(header: String) throws {
        let error = try Self.failure(ZipBytes.make([.init("x.npy", NPYBytes.make(header, [0, 0, 0, 0]))]))
        #expect(error.kind == .badHeader)
    }

    @Test func badPreambles() throws {
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }"
        let huge: [UInt8] = [0x93] + Array("NUMPY".utf8) + [2, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0]
        for bytes in [[], [0x93], Array("NUMPY, but not".utf8), NPYBytes.make(header, version: 9, [1, 2]), huge] {
            #expect(try Self.failure(ZipBytes.make([.init("x.npy", bytes)])).kind == .badHeader)
        }
    }
}
