/// The decoded `name=value` pairs of a query, in the order they came.
package struct QueryParameters: Sendable, Equatable, RandomAccessCollection {
    private var pairs: [Pair] = []

    package struct Pair: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    /// Splits at `&`; a name without `=` has an empty value.
    init(_ query: some Collection<UInt8>) {
        for part in query.split(separator: UInt8(ascii: "&")) {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            pairs.append(Pair(name: Self.decode(halves[0]), value: halves.count > 1 ? Self.decode(halves[1]) : ""))
        }
    }

    /// The first value given for `name`.
    package subscript(name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    /// All values given for `name`.
    package subscript(values name: String) -> [String] {
        pairs.filter { $0.name == name }.map(\.value)
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { pairs.count }
    package subscript(position: Int) -> Pair { pairs[position] }

    private static func decode(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: PercentCoding.decode(bytes, plusIsSpace: true), as: UTF8.self)
    }
}
