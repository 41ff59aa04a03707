import Engine
import TestSupport
import Testing

@testable import Emotion

@Suite struct FeatureValuesTests {
    @Test func valuesOfAFileAreThoseInMemory() throws {
        let scratch = try ScratchDirectory()
        let numbers: [Float] = [1, -2, 3.5, 4, 5, 6]
        try Safetensors.write(to: scratch.file("a"), tensors: [.init(name: "x", shape: [3, 2], numbers)])
        let file = try SafetensorsFile(path: scratch.file("a"))
        let mapped = FeatureValues(try #require(file.tensors["x"]), of: file)
        let memory = FeatureValues(numbers)
        #expect(mapped == memory && mapped != [1] && Array(mapped) == numbers && mapped[2] == 3.5)
        #expect(mapped.count == 6 && Array(mapped[1..<3]) == [-2, 3.5])
        #expect(mapped.withContiguousStorageIfAvailable { $0.reduce(0, +) } == numbers.reduce(0, +))
        let sequences = [mapped, memory].map { Sequences(featureSize: 2, lengths: [2, 0, 1], values: $0) }
        #expect(sequences[0] == sequences[1])
        #expect(sequences[0].select([2, 0]) == sequences[1].select([2, 0]))
        #expect(Standardization(sequences[0]) == Standardization(sequences[1]))
    }
}
