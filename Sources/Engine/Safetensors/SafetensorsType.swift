/// The type of a tensor's elements in a safetensors file. All are little-endian.
package enum SafetensorsType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "U8"
    case int8 = "I8"
    case uint16 = "U16"
    case int16 = "I16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case uint32 = "U32"
    case int32 = "I32"
    case float32 = "F32"
    case uint64 = "U64"
    case int64 = "I64"
    case float64 = "F64"

    /// Bytes per element.
    package var size: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }

    /// Converts all elements in `bytes` to Float at `target`, which has room for them (nil only where there are none).
    func copy(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutablePointer<Float>?) {
        guard let target, !bytes.isEmpty else { return }
        switch self {
        case .float32: UnsafeMutableRawPointer(target).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
        case .float64: convert(bytes, to: target) { (value: Double) in Float(value) }
        case .float16: convert(bytes, to: target) { (value: Float16) in Float(value) }
        case .bfloat16: convert(bytes, to: target) { (value: UInt16) in Float(bitPattern: UInt32(value) << 16) }
        case .bool: convert(bytes, to: target) { (value: UInt8) in value == 0 ? 0 : 1 }
        case .uint8: convert(bytes, to: target) { (value: UInt8) in Float(value) }
        case .int8: convert(bytes, to: target) { (value: Int8) in Float(value) }
        case .uint16: convert(bytes, to: target) { (value: UInt16) in Float(value) }
        case .int16: convert(bytes, to: target) { (value: Int16) in Float(value) }
        case .uint32: convert(bytes, to: target) { (value: UInt32) in Float(value) }
        case .int32: convert(bytes, to: target) { (value: Int32) in Float(value) }
        case .uint64: convert(bytes, to: target) { (value: UInt64) in Float(value) }
        case .int64: convert(bytes, to: target) { (value: Int64) in Float(value) }
        }
    }

    /// All elements in `bytes`, or nil where the type is not an integer (BOOL counts as one).
    func integers(_ bytes: UnsafeRawBufferPointer) -> [Int128]? {
        switch self {
        case .float16, .bfloat16, .float32, .float64: nil
        case .bool: map(bytes) { (value: UInt8) in value == 0 ? 0 : 1 }
        case .uint8: map(bytes) { (value: UInt8) in Int128(value) }
        case .int8: map(bytes) { (value: Int8) in Int128(value) }
        case .uint16: map(bytes) { (value: UInt16) in Int128(value) }
        case .int16: map(bytes) { (value: Int16) in Int128(value) }
        case .uint32: map(bytes) { (value: UInt32) in Int128(value) }
        case .int32: map(bytes) { (value: Int32) in Int128(value) }
        case .uint64: map(bytes) { (value: UInt64) in Int128(value) }
        case .int64: map(bytes) { (value: Int64) in Int128(value) }
        }
    }

    private func map<Source: BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer,
        _ conversion: (Source) -> Int128
    ) -> [Int128] {
        [Int128](unsafeUninitializedCapacity: bytes.count / size) { buffer, count in
            count = bytes.count / size
            if let target = buffer.baseAddress { convert(bytes, to: target, conversion) }
        }
    }

    // A tensor may lie at any byte, so elements are loaded without an assumption on alignment.
    @inline(__always)
    private func convert<Source: BitwiseCopyable, Target>(
        _ bytes: UnsafeRawBufferPointer,
        to target: UnsafeMutablePointer<Target>,
        _ conversion: (Source) -> Target
    ) {
        let stride = MemoryLayout<Source>.stride
        for index in 0..<bytes.count / stride {
            let value = bytes.loadUnaligned(fromByteOffset: index * stride, as: Source.self)
            (target + index).initialize(to: conversion(value))
        }
    }
}
