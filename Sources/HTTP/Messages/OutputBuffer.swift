/// Bytes to be sent or logged, put together piece by piece.
///
/// An array would ask for each piece whether it shares its storage; this has one owner.
struct OutputBuffer: ~Copyable {
    private var storage: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    /// - Parameter capacity: in bytes, to begin with; more than 0.
    init(capacity: Int) {
        storage = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    deinit { storage.deallocate() }

    var isEmpty: Bool { count == 0 }

    /// Valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: storage, count: count) }

    mutating func removeAll() { count = 0 }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        makeRoom(bytes.count)
        (storage + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// In UTF-8.
    mutating func append(_ text: String) {
        let isContiguous: Void? = text.utf8.withContiguousStorageIfAvailable { append(UnsafeRawBufferPointer($0)) }
        if isContiguous == nil { append(Array(text.utf8)) }
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        makeRoom(1)
        storage.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// - Precondition: `number` is not negative.
    mutating func append(decimal number: Int) {
        var digits = 1
        var bound = 10
        while number >= bound, digits < 18 {
            digits += 1
            bound *= 10
        }
        append(UInt(number), digits: number < bound ? digits : 19) { ($0 % 10, $0 / 10) }
    }

    /// In lower case.
    mutating func append(hexadecimal number: UInt) {
        append(number, digits: max(1, (UInt.bitWidth - number.leadingZeroBitCount + 3) / 4)) { ($0 & 15, $0 >> 4) }
    }

    /// As 16 digits.
    mutating func append(word: UInt64) {
        append(UInt(word), digits: 16) { ($0 & 15, $0 >> 4) }
    }

    @inline(__always)
    private mutating func append(_ number: UInt, digits: Int, _ split: (UInt) -> (digit: UInt, rest: UInt)) {
        makeRoom(digits)
        var rest = number
        let end = storage + count
        for offset in (0..<digits).reversed() {
            let digit: UInt
            (digit, rest) = split(rest)
            let character = UInt8(truncatingIfNeeded: digit &+ (digit < 10 ? 0x30 : 0x57))
            end.storeBytes(of: character, toByteOffset: offset, as: UInt8.self)
        }
        count += digits
    }

    @inline(__always)
    private mutating func makeRoom(_ more: Int) {
        if capacity - count < more { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        capacity = max(2 * capacity, count + more)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: storage, byteCount: count)
        storage.deallocate()
        storage = larger
    }
}
